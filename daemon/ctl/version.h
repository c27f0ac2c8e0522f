/* version.h - the version of both programs; it rises with what they promise to others. */
#ifndef CUSTODY_CTL_VERSION_H
#define CUSTODY_CTL_VERSION_H

#define CUSTODY_VERSION "0.1.0"

#endif
