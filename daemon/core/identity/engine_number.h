/* engine_number.h - engine numbers 发动机号 and short frame numbers 车架号: stamped by the maker, without a public format. */
#ifndef CUSTODY_CORE_IDENTITY_ENGINE_NUMBER_H
#define CUSTODY_CORE_IDENTITY_ENGINE_NUMBER_H

#include "core/identity/identifier.h"

/* No check digit and no national length rule exists (GB 7258 asks for model and serial only), so only what no stamp can be is
 * INVALID: characters outside printable ASCII. Unusual forms are DOUBTFUL. */
enum identifier_grade engine_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* The same for frame numbers shorter than 17 characters (before 1997, imports); one of 17 or more is DOUBTFUL. */
enum identifier_grade frame_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

#endif
