/* invent.c - identifiers with right check digits, drawn from a seeded generator. */
#include "fleet/invent.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char vin_alphabet[] = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
/* Letters and digits without I and O, as plates use them. */
static const char plate_alphabet[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static const char credit_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static char draw(struct random *random, const char *alphabet)
{
    return alphabet[random_below(random, strlen(alphabet))];
}

static void draw_many(struct random *random, const char *alphabet, char *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = draw(random, alphabet);
}

static int vin_value(char c)
{
    static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXYZ";
    static const char values[] = "12345678123457923456789";
    if (c >= '0' && c <= '9')
        return c - '0';
    const char *at = strchr(letters, c);
    assert(at != NULL);
    return values[at - letters] - '0';
}

void invent_vin(struct random *random, char out[INVENTED_BYTES])
{
    static const int weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    static const char *const makers[] = {"LSV", "LVS", "LGB", "LFV", "LZW", "LGX"};
    memcpy(out, makers[random_below(random, 6)], 3);
    draw_many(random, vin_alphabet, out + 3, 5);
    out[8] = '0';
    out[9] = draw(random, "ABCDEFGH"); /* model years 2010 to 2017 */
    draw_many(random, vin_alphabet, out + 10, 2);
    draw_many(random, "0123456789", out + 12, 5);
    out[17] = '\0';
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += weights[i] * vin_value(out[i]);
    out[8] = "0123456789X"[sum % 11];
}

void invent_engine_number(struct random *random, char out[INVENTED_BYTES])
{
    draw_many(random, "ABCDEFGHJKLMNPRSTUVWXYZ", out, 3);
    draw_many(random, "0123456789", out + 3, 7);
    out[10] = '\0';
}

void invent_plate(struct random *random, char out[INVENTED_BYTES])
{
    char tail[6] = {0};
    tail[0] = draw(random, plate_alphabet);
    draw_many(random, "0123456789", tail + 1, 4);
    (void)snprintf(out, INVENTED_BYTES, "闽C%s", tail);
}

void invent_new_energy_plate(struct random *random, char out[INVENTED_BYTES])
{
    char tail[6] = {0};
    draw_many(random, "0123456789", tail, 5);
    (void)snprintf(out, INVENTED_BYTES, "闽CD%s", tail);
}

void invent_battery_code(struct random *random, char out[INVENTED_BYTES])
{
    memcpy(out, "001P", 4);
    out[4] = draw(random, "BE");
    draw_many(random, "0123456789", out + 5, 2);
    draw_many(random, vin_alphabet, out + 7, 7);
    out[14] = draw(random, "ABCD"); /* 2020 to 2023 */
    out[15] = draw(random, "123456789ABC");
    out[16] = draw(random, "123456789"); /* beyond the 9th, readings of the day letter differ */
    (void)snprintf(out + 17, INVENTED_BYTES - 17, "%07u", (unsigned)random_between(random, 1, 9999999));
}

void invent_imei(struct random *random, char out[INVENTED_BYTES])
{
    memcpy(out, "86", 2); /* reporting body identifier of TAF, China */
    draw_many(random, "0123456789", out + 2, 12);
    int sum = 0;
    for (int i = 0; i < 14; i++) {
        int digit = out[i] - '0';
        if (i % 2 == 1) /* every second digit, counted from the check digit */
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    out[14] = (char)('0' + (10 - sum % 10) % 10);
    out[15] = '\0';
}

void invent_serial(struct random *random, struct text brand_and_model, char out[INVENTED_BYTES])
{
    char serial[11] = {0};
    draw_many(random, "ABCDEFGHJKLMNPQRSTUVWXYZ", serial, 2); /* a plant and a line, then a number */
    draw_many(random, "0123456789", serial + 2, 8);
    (void)snprintf(out, INVENTED_BYTES, "%.*s/%s", TEXT_ARG(brand_and_model), serial);
}

static int credit_value(char c)
{
    const char *at = strchr(credit_alphabet, c);
    assert(at != NULL);
    return (int)(at - credit_alphabet);
}

static char organisation_check(const char code[8])
{
    static const int weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < 8; i++) /* GB 11714: A is 10, B is 11, ... over all 26 letters */
        sum += weights[i] * (code[i] <= '9' ? code[i] - '0' : code[i] - 'A' + 10);
    return "0X987654321"[sum % 11];
}

void invent_credit_code(bool authority, uint32_t number, char out[INVENTED_BYTES])
{
    static const int weights[17] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
    (void)snprintf(out, INVENTED_BYTES, "%s350504MA%06u", authority ? "11" : "91", (unsigned)(number % 1000000));
    out[16] = organisation_check(out + 8);
    int sum = 0;
    for (int i = 0; i < 17; i++)
        sum += weights[i] * credit_value(out[i]);
    out[17] = credit_alphabet[(31 - sum % 31) % 31];
    out[18] = '\0';
}

void invent_uuid(struct random *random, uint8_t out[UUID_BYTES])
{
    random_bytes(random, out, UUID_BYTES);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x80);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}
