/* listings.c - everything is drawn from a seed, so that a failure can be made again. */
#include "support/listings.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "core/reentry/extract.h"
#include "core/reentry/written.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
static const uint8_t phone_key[PHONE_KEY_BYTES] = "listings of the tests, 32 bytes.";

const char *const listing_class_words[LISTING_CLASSES] = {
#define X(name, words) [name] = words,
    LISTING_CLASS_TABLE(X)
#undef X
};

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)(next(state) % bound);
}

static bool chance(uint64_t *state, unsigned percent)
{
    return below(state, 100) < percent;
}

/* ---- cars ---- */

static const struct {
    const char *wmi, *make, *models[4];
} makers[] = {
    {"LSV", "大众", {"帕萨特", "朗逸", "途观", "POLO"}},   {"LFV", "大众", {"迈腾", "速腾", "捷达", "高尔夫"}},
    {"LSG", "别克", {"君威", "英朗", "GL8", "昂科威"}},    {"LHG", "本田", {"雅阁", "飞度", "奥德赛", "缤智"}},
    {"LVH", "本田", {"思域", "CRV", "XRV", "杰德"}},       {"LGB", "日产", {"轩逸", "天籁", "奇骏", "逍客"}},
    {"LVS", "福特", {"福克斯", "蒙迪欧", "翼虎", "锐界"}}, {"LFM", "丰田", {"卡罗拉", "皇冠", "RAV4", "威驰"}},
    {"LVG", "丰田", {"凯美瑞", "汉兰达", "雷凌", "致炫"}}, {"LBE", "现代", {"伊兰特", "途胜", "IX35", "名图"}},
    {"LJD", "起亚", {"K2", "K3", "K5", "智跑"}},           {"LGX", "比亚迪", {"F3", "秦", "唐", "宋"}},
    {"LC0", "比亚迪", {"E5", "元", "海豚", "汉"}},         {"LB3", "吉利", {"帝豪", "博越", "远景", "缤越"}},
    {"L6T", "吉利", {"几何", "星越", "豪情", "金刚"}},     {"LGW", "哈弗", {"H6", "H2", "M6", "大狗"}},
    {"LVV", "奇瑞", {"瑞虎", "艾瑞泽", "QQ", "风云"}},     {"LS5", "长安", {"逸动", "CS75", "悦翔", "CS35"}},
    {"LZW", "五菱", {"宏光", "荣光", "之光", "宏光MINI"}}, {"LSJ", "荣威", {"RX5", "350", "550", "I6"}},
    {"LBV", "宝马", {"320LI", "525LI", "X1", "X3"}},       {"LE4", "奔驰", {"C200", "E300", "GLC", "A180"}},
    {"LFP", "红旗", {"H5", "H7", "HS5", "HS7"}},           {"LRW", "特斯拉", {"MODEL3", "MODELY", "MODEL3", "MODELY"}},
    {"LDC", "标致", {"308", "408", "508", "3008"}},        {"LZG", "陕汽", {"德龙", "X3000", "L3000", "M3000"}},
    {"LGA", "东风", {"天龙", "天锦", "多利卡", "风行"}},   {"LFN", "解放", {"J6P", "J6L", "悍V", "虎V"}},
    {"LVB", "福田", {"欧曼", "奥铃", "时代", "图雅诺"}},   {"LZY", "宇通", {"ZK6109", "ZK6120", "ZK6850", "ZK6108"}},
    {"LMG", "传祺", {"GS4", "GA6", "GS8", "GM8"}},         {"LJ1", "江淮", {"瑞风", "骏铃", "S3", "和悦"}},
    {"LEF", "江铃", {"全顺", "域虎", "凯运", "顺达"}},     {"LSF", "大众", {"途安", "昊锐", "晶锐", "明锐"}},
    {"LDN", "三菱", {"欧蓝德", "翼神", "菱悦", "劲炫"}},   {"LVR", "马自达", {"昂克赛拉", "阿特兹", "CX5", "马3"}},
    {"LDD", "众泰", {"T600", "Z300", "SR7", "5008"}},      {"WVW", "大众", {"尚酷", "高尔夫R", "EOS", "甲壳虫"}},
    {"WBA", "宝马", {"740LI", "640I", "135I", "Z4"}},      {"JTH", "雷克萨斯", {"ES240", "RX270", "IS250", "CT200"}},
};
static const char *const colours[] = {"白色", "白色", "白色", "黑色", "黑色", "银色",
                                      "灰色", "红色", "蓝色", "棕色", "金色", "绿色"};
static const struct {
    const char *plate, *name;
} cities[] = {
    {"闽A", "福州"},   {"闽B", "莆田"},     {"闽C", "泉州"},     {"闽D", "厦门"}, {"闽E", "漳州"}, {"闽F", "龙岩"},
    {"闽G", "三明"},   {"闽H", "南平"},     {"闽J", "宁德"},     {"粤A", "广州"}, {"粤B", "深圳"}, {"粤D", "汕头"},
    {"粤E", "佛山"},   {"粤S", "东莞"},     {"浙A", "杭州"},     {"浙B", "宁波"}, {"浙C", "温州"}, {"浙G", "金华"},
    {"苏A", "南京"},   {"苏B", "无锡"},     {"苏E", "苏州"},     {"苏C", "徐州"}, {"鲁A", "济南"}, {"鲁B", "青岛"},
    {"鲁Q", "临沂"},   {"赣A", "南昌"},     {"皖A", "合肥"},     {"湘A", "长沙"}, {"鄂A", "武汉"}, {"豫A", "郑州"},
    {"冀A", "石家庄"}, {"晋A", "太原"},     {"川A", "成都"},     {"贵A", "贵阳"}, {"云A", "昆明"}, {"陕A", "西安"},
    {"甘A", "兰州"},   {"桂A", "南宁"},     {"琼A", "海口"},     {"辽A", "沈阳"}, {"辽B", "大连"}, {"吉A", "长春"},
    {"黑A", "哈尔滨"}, {"蒙A", "呼和浩特"}, {"新A", "乌鲁木齐"}, {"宁A", "银川"}, {"青A", "西宁"}, {"藏A", "拉萨"}};
static const char vin_characters[] = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
static const char year_characters[] = "56789ABCDEFGHJKLMN"; /* 2005 to 2022 */

static char check_digit(const char *vin)
{
    static const int weights[VIN_LEN] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    static const char letters[] = "12345678.12345.7.923456789";
    int sum = 0;

    for (size_t i = 0; i < VIN_LEN; i++)
        sum += weights[i] * ((vin[i] <= '9' ? vin[i] : letters[vin[i] - 'A']) - '0');
    return "0123456789X"[sum % 11];
}

void made_car_of_vin(const char *vin, struct made_car *car)
{
    uint64_t state = hash64(text_of(vin));
    size_t maker = 0, city = below(&state, COUNT(cities));
    const char *year = strchr(year_characters, vin[9]);

    while (maker < COUNT(makers) - 1 && memcmp(makers[maker].wmi, vin, 3) != 0)
        maker++;
    (void)snprintf(car->vin, sizeof car->vin, "%s", vin);
    car->make = makers[maker].make;
    car->model = makers[maker].models[hash64((struct text){vin, 8}) % 4];
    car->colour = colours[below(&state, COUNT(colours))];
    car->city = cities[city].name;
    (void)snprintf(car->plate, sizeof car->plate, "%s%c%04u", cities[city].plate,
                   "ABCDEFGHJKLMN0123456789"[below(&state, 23)], (unsigned)below(&state, 10000));
    (void)snprintf(car->phone, sizeof car->phone, "1%c%09u", "35678"[below(&state, 5)],
                   (unsigned)below(&state, 1000000000));
    car->year = year ? 2005 + (int)(year - year_characters) : 2010;
    car->month = 1 + (int)below(&state, 12);
}

void made_car(uint64_t seed, uint64_t i, struct made_car *car)
{
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + i, model;
    size_t maker = below(&state, COUNT(makers));
    bool european = makers[maker].wmi[0] == 'W';
    char vin[VIN_LEN + 1];

    model = maker * 64 + below(&state, 60);
    (void)next(&model);
    memcpy(vin, makers[maker].wmi, 3);
    for (size_t at = 3; at < 8; at++)
        vin[at] = european && at < 6 ? 'Z' : vin_characters[below(&model, sizeof vin_characters - 1)];
    vin[8] = '0';
    vin[9] = year_characters[below(&state, sizeof year_characters - 1)];
    vin[10] = vin_characters[10 + (maker + below(&state, 2)) % 8];
    (void)snprintf(vin + 11, 7, "%06u", (unsigned)below(&state, chance(&state, 70) ? 300000 : 1000000));
    vin[8] = european ? 'Z' : check_digit(vin);
    made_car_of_vin(vin, car);
}

/* The middle of the month of first registration, Asia/Shanghai. */
static int64_t registered_at_us(const struct made_car *car)
{
    struct tm month = {.tm_year = car->year - 1900, .tm_mon = car->month - 1, .tm_mday = 15};

    return (int64_t)timegm(&month) * 1000000;
}

static void hash_phone(const char *phone, struct digest *hash)
{
    (void)crypto_auth_hmacsha256(hash->bytes, (const unsigned char *)phone, strlen(phone), phone_key);
}

void made_clues(const struct made_car *car, struct clues *clues)
{
    struct digest phone;
    struct pickup pickup = {.make = text_of(car->make), .model = text_of(car->model), .colour = text_of(car->colour)};

    *clues = (struct clues){.make = 0};
    hash_phone(car->phone, &phone);
    pickup.first_registered_at_us = registered_at_us(car);
    pickup.phone_hash = (struct text){(const char *)phone.bytes, SHA256_BYTES};
    clues_add_vin(clues, text_of(car->vin));
    clues_add_plate(clues, text_of(car->plate));
    clues_add_pickup(clues, &pickup);
    clues->model = text_of(car->model);
}

/* ---- how a VIN is written ---- */

struct writer {
    uint64_t *state;
    char *out;
    size_t size, used;
};

static void put(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(writer->out + writer->used, writer->size - writer->used, format, arguments);
    va_end(arguments);
    writer->used += (size_t)len;
}

static void put_full_width(struct writer *writer, char c)
{
    unsigned code = 0xFF01U + (unsigned)(c - '!');

    put(writer, "%c%c%c", (char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3F)), (char)(0x80 | (code & 0x3F)));
}

static void put_circled(struct writer *writer, char c)
{
    static const char *const digits[] = {"⓪", "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨"};

    if (c >= '0' && c <= '9')
        put(writer, "%s", digits[c - '0']);
    else
        put(writer, "%c", c);
}

static void put_cyrillic(struct writer *writer, char c)
{
    static const char *const from = "ABCEHKMPTX";
    static const char *const to[] = {"А", "В", "С", "Е", "Н", "К", "М", "Р", "Т", "Х"};
    const char *at = strchr(from, c);

    put(writer, "%s", at ? to[at - from] : (char[]){c, '\0'});
}

static void put_disguised(struct writer *writer, const char *vin)
{
    static const char *const apart[] = {" ", "-", ".", "·", "\n", "_", "/", "🚗", "　"};
    size_t way = below(writer->state, 7), step = 1 + below(writer->state, 5);
    const char *joiner = apart[below(writer->state, COUNT(apart))];

    for (size_t i = 0; vin[i]; i++) {
        switch (way) {
        case 0:
            put_full_width(writer, vin[i]);
            break;
        case 1:
            put_circled(writer, vin[i]);
            break;
        case 2:
            put_cyrillic(writer, vin[i]);
            break;
        case 3:
            put(writer, "%c", vin[i] >= 'A' ? vin[i] - 'A' + 'a' : vin[i]);
            break;
        default:
            put(writer, "%s%c", i && i % step == 0 ? joiner : "", vin[i]);
        }
    }
}

static void confuse(uint64_t *state, char *vin)
{
    static const char pairs[][2] = {{'0', 'O'}, {'0', 'D'}, {'0', 'Q'}, {'1', 'I'}, {'1', 'L'}, {'8', 'B'}, {'B', '8'},
                                    {'5', 'S'}, {'S', '5'}, {'2', 'Z'}, {'6', 'G'}, {'G', '6'}, {'V', 'U'}, {'L', '1'}};
    size_t done = 0, wanted = 1 + below(state, 2);

    for (size_t tries = 0; tries < 200 && done < wanted; tries++) {
        const char *pair = pairs[below(state, COUNT(pairs))];
        char *at = memchr(vin, pair[0], VIN_LEN);

        if (!at)
            continue;
        *at = pair[1];
        done++;
    }
}

static void hide(uint64_t *state, char *vin, size_t count)
{
    size_t way = below(state, 10), from = way < 4 ? VIN_LEN - count : way < 8 ? 3 + below(state, 12 - count) : 0;

    if (way < 8)
        memset(vin + from, WRITTEN_HIDDEN, count);
    for (size_t done = 0; way >= 8 && done < count;) { /* here and there, as where the stamping cannot be read */
        size_t at = 3 + below(state, VIN_LEN - 3);

        if (vin[at] == WRITTEN_HIDDEN)
            continue;
        vin[at] = WRITTEN_HIDDEN;
        done++;
    }
}

static void put_masked(struct writer *writer, const char *vin)
{
    static const char *const masks[] = {"*", "*", "*", "●", "×", "?", "？", "#", "■"};
    const char *mask = masks[below(writer->state, COUNT(masks))];

    for (size_t i = 0; vin[i]; i++)
        put(writer, "%s", vin[i] == WRITTEN_HIDDEN ? mask : (char[]){vin[i], '\0'});
}

static void put_vin(struct writer *writer, const char *vin, enum listing_class class)
{
    char text[WRITTEN_BYTES + 1];
    size_t at = below(writer->state, VIN_LEN);
    char other = vin_characters[below(writer->state, sizeof vin_characters - 1)];

    (void)snprintf(text, sizeof text, "%s", vin);
    if (class == LISTING_CONFUSED) {
        confuse(writer->state, text);
    } else if (class == LISTING_SUBSTITUTED) {
        while (vin_symbol(other) == vin_symbol(text[at]))
            other = vin_characters[below(writer->state, sizeof vin_characters - 1)];
        text[at] = other;
    } else if (class == LISTING_INSERTED) {
        memmove(text + at + 1, text + at, VIN_LEN - at + 1);
        text[at] = chance(writer->state, 50) ? text[at + 1] : other; /* typed twice, or something else */
    } else if (class == LISTING_LOST) {
        memmove(text + at, text + at + 1, VIN_LEN - at);
    } else if (class >= LISTING_MASKED_1 && class <= LISTING_MASKED_6) {
        hide(writer->state, text, (size_t)(class - LISTING_MASKED_1) + 1);
    }
    if (class == LISTING_DISGUISED)
        put_disguised(writer, text);
    else if (class >= LISTING_MASKED_1 && class <= LISTING_MASKED_6)
        put_masked(writer, text);
    else
        put(writer, "%s", text);
}

/* ---- the listing around it ---- */

static void put_plate(struct writer *writer, const char *plate)
{
    size_t letters = strlen("闽C"), hidden = 1 + below(writer->state, 3), from = below(writer->state, 6 - hidden);

    put(writer, "%.*s%s", (int)letters, plate, chance(writer->state, 50) ? "·" : "");
    for (size_t i = 0; plate[letters + i]; i++)
        put(writer, "%c", i >= from && i < from + hidden ? '*' : plate[letters + i]);
    put(writer, "，");
}

static void put_prose(struct writer *writer, const struct made_car *car)
{
    static const char *const phrases[] = {"一手车，",   "手续齐全，",         "无事故无泡水，", "可过户，",
                                          "车况精品，", "诚心卖，非诚勿扰，", "支持检测，",     "保险到年底，",
                                          "四条新胎，", "带天窗倒车影像，",   "价格可小刀，",   "女士用车，"};

    for (size_t n = 2 + below(writer->state, 5); n > 0; n--)
        put(writer, "%s", phrases[below(writer->state, COUNT(phrases))]);
    put(writer, "%zu.%zu万公里，", 1 + below(writer->state, 20), below(writer->state, 10));
    if (chance(writer->state, 30))
        put(writer, "订单号2024%010zu，", below(writer->state, 10000000000));
    if (chance(writer->state, 90))
        put(writer, "%s，", car->colour);
    if (chance(writer->state, 40))
        put(writer, "%d年%d月上牌，", car->year, car->month);
    if (chance(writer->state, 40))
        put_plate(writer, car->plate);
}

void made_listing(uint64_t seed, const struct made_car *car, enum listing_class class, struct made_listing *listing)
{
    static const char *const hints[] = {"车架号", "车架号：", "大架号 ", "VIN:", "识别代码：", "vin码 ", "车架", ""};
    uint64_t state = seed;
    struct writer title = {&state, listing->title, sizeof listing->title, 0},
                  text = {&state, listing->text, sizeof listing->text, 0};

    listing->title[0] = listing->text[0] = listing->place[0] = '\0';
    put(&title, "%s%s %d款", car->make, car->model, car->year);
    put_prose(&text, car);
    if (class != LISTING_NO_VIN) {
        put(&text, "%s", hints[below(&state, COUNT(hints))]);
        put_vin(&text, car->vin, class);
        put(&text, "，");
    }
    put(&text, "价格%zu.%zu万 ", 1 + below(&state, 30), below(&state, 100));
    /* Most often it is not the owner who sells. */
    if (chance(&state, 50) && chance(&state, 40))
        put(&text, "电话%.3s-%.4s-%.4s", car->phone, car->phone + 3, car->phone + 7);
    else if (chance(&state, 30))
        put(&text, "微信13%09zu", below(&state, 1000000000));
    if (chance(&state, 95))
        (void)snprintf(listing->place, sizeof listing->place, "%s", car->city);
    listing->sighting = (struct sighting){.kind = SIGHTING_KIND_LISTING,
                                          .at_us = 1,
                                          .place = text_of(listing->place),
                                          .has_first_registered = chance(&state, 70),
                                          .first_registered_at_us = registered_at_us(car),
                                          .listing = {.present = true,
                                                      .platform = TEXT("market"),
                                                      .title = text_of(listing->title),
                                                      .text = text_of(listing->text)}};
}

enum listing_class made_clean_class(uint64_t random)
{
    size_t percent = random % 100;

    if (percent < 50)
        return LISTING_NO_VIN;
    if (percent < 82)
        return percent < 74 ? LISTING_EXACT : LISTING_DISGUISED;
    if (percent < 88)
        return (enum listing_class)(LISTING_CONFUSED + random / 100 % 4);
    return (enum listing_class)(LISTING_MASKED_1 + random / 100 % 6);
}

/* ---- detecting ---- */

static void flag(struct detection *detection, const char *vin)
{
    if (!detection_has(detection, vin) && detection->count < VIN_FOUND_MAX)
        memcpy(detection->vins[detection->count++], vin, VIN_LEN + 1);
}

bool detection_has(const struct detection *detection, const char *vin)
{
    for (size_t i = 0; i < detection->count; i++)
        if (strcmp(detection->vins[i], vin) == 0)
            return true;
    return false;
}

static void weigh(const struct made_listing *listing, const char *vin, const struct written *written,
                  struct clues *seen, struct detection *detection)
{
    struct nearness nearness = vin_compare(vin, written);
    const struct clue_weight all = {.tenths = 600};
    struct made_car car;
    struct clues item;
    struct clue_weight weight;

    if (near_score(vin, written, &nearness, &all) < NEAR_ENOUGH)
        return;
    if (!seen->title.data) /* once a listing, and only for those that may be near */
        clues_of_sighting(&listing->sighting, phone_key, seen);
    made_car_of_vin(vin, &car);
    made_clues(&car, &item);
    weight = clues_weigh(&item, seen);
    if (near_score(vin, written, &nearness, &weight) >= NEAR_ENOUGH)
        flag(detection, vin);
}

static void search(const struct vin_index *index, const struct made_listing *listing, const struct written *written,
                   struct clues *seen, struct detection *detection)
{
    struct vin_found found;

    vin_index_search(index, written, &found);
    for (size_t i = 0; i < found.count; i++) {
        char vin[VIN_LEN + 1];

        vin_code_text(found.codes[i], vin);
        if (vin_compare(vin, written).kind == NEAR_SAME)
            flag(detection, vin); /* E01 */
        else
            weigh(listing, vin, written, seen, detection);
    }
}

/* E01 takes what extract_identifiers finds; so does this. */
static void search_exact(const struct vin_index *index, struct text text, struct detection *detection)
{
    struct extraction extraction;

    extract_identifiers(text, &extraction);
    for (size_t i = 0; i < extraction.count; i++) {
        struct written written = {.len = VIN_LEN};
        struct vin_found found;

        if (extraction.found[i].scheme != IDENTIFIER_SCHEME_VIN)
            continue;
        (void)text_copy(written.text, sizeof written.text, text_of(extraction.found[i].value));
        vin_index_search(index, &written, &found);
        for (size_t k = 0; k < found.count; k++) {
            char vin[VIN_LEN + 1];

            vin_code_text(found.codes[k], vin);
            if (strcmp(vin, written.text) == 0)
                flag(detection, vin);
        }
    }
}

void detect(const struct vin_index *index, const struct made_listing *listing, struct detection *detection)
{
    struct writings writings = {.count = 0};
    struct clues seen = {.make = 0};

    detection->count = 0;
    search_exact(index, listing->sighting.listing.title, detection);
    search_exact(index, listing->sighting.listing.text, detection);
    writings_add_text(&writings, listing->sighting.listing.title);
    writings_add_text(&writings, listing->sighting.listing.text);
    for (size_t i = 0; i < writings.count; i++)
        search(index, listing, &writings.list[i], &seen, detection);
}
