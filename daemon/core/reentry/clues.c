/* clues.c - words for makes, colours and places as sellers use them, and what each agreement is worth.
 *
 * Weights are policy: tenths of bits, from how common the values are. */
#include "core/reentry/clues.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/identity/glyph.h"
#include "core/identity/plate.h"
#include "core/identity/vin.h"
#include "core/reentry/civil_date.h"
#include "core/reentry/letter.h"
#include "core/reentry/vin_code.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
enum {
    WORDS_MAX = 4,
    PHONE_DIGITS = 11,
    WEIGHT_PHONE = 200,
    WEIGHT_CITY = 60,
    WEIGHT_PROVINCE = 30,
    WEIGHT_ELSEWHERE = -20, /* things travel */
    WEIGHT_COLOUR = 20,
    WEIGHT_OTHER_COLOUR = -20, /* things are painted */
    WEIGHT_MODEL = 10,         /* mostly in the VIN already */
    WEIGHT_MONTH = 35,         /* of first registration: the year is in the VIN already */
    WEIGHT_OTHER_MONTH = -30,
    WEIGHT_PLATE_CHARACTER = 33,
    WEIGHT_OTHER_PLATE = -30, /* plates are exchanged (Order 164 art 20, 44) */
};

/* ---- words ---- */

struct word_row {
    const char *words[WORDS_MAX]; /* any of them means it; upper-case */
};

static const struct word_row makes[] = {
    {{"大众", "VOLKSWAGEN", "VW"}},
    {{"奥迪", "AUDI"}},
    {{"宝马", "BMW"}},
    {{"奔驰", "MERCEDES", "BENZ"}},
    {{"丰田", "TOYOTA"}},
    {{"本田", "HONDA"}},
    {{"日产", "NISSAN"}},
    {{"马自达", "MAZDA"}},
    {{"三菱", "MITSUBISHI"}},
    {{"别克", "BUICK"}},
    {{"雪佛兰", "CHEVROLET"}},
    {{"凯迪拉克", "CADILLAC"}},
    {{"福特", "FORD"}},
    {{"现代", "HYUNDAI"}},
    {{"起亚", "KIA"}},
    {{"标致", "PEUGEOT"}},
    {{"雪铁龙", "CITROEN"}},
    {{"沃尔沃", "VOLVO"}},
    {{"斯柯达", "SKODA"}},
    {{"特斯拉", "TESLA"}},
    {{"比亚迪", "BYD"}},
    {{"吉利", "GEELY"}},
    {{"奇瑞", "CHERY"}},
    {{"长安", "CHANGAN"}},
    {{"长城", "哈弗", "HAVAL"}},
    {{"五菱", "WULING"}},
    {{"宝骏", "BAOJUN"}},
    {{"荣威", "ROEWE"}},
    {{"名爵"}},
    {{"传祺", "TRUMPCHI"}},
    {{"江淮", "JAC"}},
    {{"江铃", "JMC"}},
    {{"红旗", "HONGQI"}},
    {{"奔腾", "BESTUNE"}},
    {{"东风", "DONGFENG"}},
    {{"解放", "FAW"}},
    {{"福田", "FOTON"}},
    {{"重汽", "SINOTRUK"}},
    {{"陕汽", "SHACMAN"}},
    {{"金龙", "KINGLONG"}},
    {{"宇通", "YUTONG"}},
    {{"蔚来", "NIO"}},
    {{"小鹏", "XPENG"}},
    {{"理想汽车", "LI AUTO"}},
    {{"零跑", "LEAPMOTOR"}},
    {{"路虎", "LAND ROVER"}},
    {{"保时捷", "PORSCHE"}},
    {{"雷克萨斯", "LEXUS"}},
    {{"铃木", "SUZUKI"}},
    {{"众泰", "ZOTYE"}},
};

static const struct word_row colours[] = {
    {{"白色", "珍珠白", "WHITE"}}, {{"黑色", "BLACK"}},        {{"银色", "银灰", "SILVER"}},
    {{"灰色", "深灰", "GREY"}},    {{"红色", "RED"}},          {{"蓝色", "BLUE"}},
    {{"棕色", "咖啡色", "BROWN"}}, {{"金色", "香槟", "GOLD"}}, {{"绿色", "GREEN"}},
    {{"黄色", "YELLOW"}},          {{"橙色", "ORANGE"}},       {{"紫色", "PURPLE"}},
};

/* Cities by the beginning of their plates: all of Fujian, and the large ones elsewhere. */
static const struct {
    uint32_t province;
    char city; /* 0: the province itself */
    const char *word;
} places[] = {
    {u'闽', 'A', "福州"}, {u'闽', 'B', "莆田"},     {u'闽', 'C', "泉州"},   {u'闽', 'C', "洛江"},
    {u'闽', 'C', "晋江"}, {u'闽', 'C', "石狮"},     {u'闽', 'C', "南安"},   {u'闽', 'C', "惠安"},
    {u'闽', 'C', "安溪"}, {u'闽', 'D', "厦门"},     {u'闽', 'E', "漳州"},   {u'闽', 'F', "龙岩"},
    {u'闽', 'G', "三明"}, {u'闽', 'H', "南平"},     {u'闽', 'J', "宁德"},   {u'闽', 0, "福建"},
    {u'京', 0, "北京"},   {u'沪', 0, "上海"},       {u'津', 0, "天津"},     {u'渝', 0, "重庆"},
    {u'粤', 'A', "广州"}, {u'粤', 'B', "深圳"},     {u'粤', 'D', "汕头"},   {u'粤', 'E', "佛山"},
    {u'粤', 'S', "东莞"}, {u'粤', 0, "广东"},       {u'浙', 'A', "杭州"},   {u'浙', 'B', "宁波"},
    {u'浙', 'C', "温州"}, {u'浙', 'G', "金华"},     {u'浙', 0, "浙江"},     {u'苏', 'A', "南京"},
    {u'苏', 'B', "无锡"}, {u'苏', 'E', "苏州"},     {u'苏', 'C', "徐州"},   {u'苏', 0, "江苏"},
    {u'鲁', 'A', "济南"}, {u'鲁', 'B', "青岛"},     {u'鲁', 'Q', "临沂"},   {u'鲁', 0, "山东"},
    {u'赣', 'A', "南昌"}, {u'赣', 0, "江西"},       {u'皖', 'A', "合肥"},   {u'皖', 0, "安徽"},
    {u'湘', 'A', "长沙"}, {u'湘', 0, "湖南"},       {u'鄂', 'A', "武汉"},   {u'鄂', 0, "湖北"},
    {u'豫', 'A', "郑州"}, {u'豫', 0, "河南"},       {u'冀', 'A', "石家庄"}, {u'冀', 0, "河北"},
    {u'晋', 'A', "太原"}, {u'晋', 0, "山西"},       {u'川', 'A', "成都"},   {u'川', 0, "四川"},
    {u'贵', 'A', "贵阳"}, {u'贵', 0, "贵州"},       {u'云', 'A', "昆明"},   {u'云', 0, "云南"},
    {u'陕', 'A', "西安"}, {u'陕', 0, "陕西"},       {u'甘', 'A', "兰州"},   {u'甘', 0, "甘肃"},
    {u'桂', 'A', "南宁"}, {u'桂', 0, "广西"},       {u'琼', 'A', "海口"},   {u'琼', 0, "海南"},
    {u'辽', 'A', "沈阳"}, {u'辽', 'B', "大连"},     {u'辽', 0, "辽宁"},     {u'吉', 'A', "长春"},
    {u'吉', 0, "吉林"},   {u'黑', 'A', "哈尔滨"},   {u'黑', 0, "黑龙江"},   {u'蒙', 'A', "呼和浩特"},
    {u'蒙', 0, "内蒙古"}, {u'新', 'A', "乌鲁木齐"}, {u'新', 0, "新疆"},     {u'宁', 'A', "银川"},
    {u'宁', 0, "宁夏"},   {u'青', 'A', "西宁"},     {u'青', 0, "青海"},     {u'藏', 'A', "拉萨"},
    {u'藏', 0, "西藏"},
};

static char upper_ascii(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins_with(struct text t, size_t at, struct text word)
{
    if (word.len > t.len - at)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (upper_ascii(t.data[at + i]) != word.data[i])
            return false;
    return true;
}

static bool is_word_letter(char c)
{
    return glyph_is_letter((unsigned char)upper_ascii(c));
}

/* Latin words stand alone: "BYD" is not in "STANDBYDEVICE". */
static bool stands_alone(struct text t, size_t at, struct text word)
{
    if (!is_word_letter(word.data[0]))
        return true;
    return (at == 0 || !is_word_letter(t.data[at - 1])) &&
           (at + word.len == t.len || !is_word_letter(t.data[at + word.len]));
}

static bool has_word(struct text t, const char *word)
{
    struct text wanted = text_of(word);
    const char *data = t.data;
    for (size_t at = 0; at + wanted.len <= t.len; at++) {
        if (upper_ascii(data[at]) == wanted.data[0] && begins_with(t, at, wanted) && stands_alone(t, at, wanted))
            return true;
    }
    return false;
}

/* The one row that the text names; 0 for none or several. */
static size_t named_row(struct text t, const struct word_row *rows, size_t count)
{
    size_t named = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < WORDS_MAX && rows[i].words[k]; k++)
            if (has_word(t, rows[i].words[k])) {
                if (named && named != i + 1)
                    return 0;
                named = i + 1;
            }
    return named;
}

/* The first city named, or else the first province. */
static struct place named_place(struct text t)
{
    struct place named = {0, 0};
    for (size_t i = 0; i < COUNT(places); i++) {
        if ((named.province && !places[i].city) || !has_word(t, places[i].word))
            continue;
        named = (struct place){places[i].province, places[i].city};
        if (named.city)
            break;
    }
    return named;
}

/* ---- years, plates and telephones in text ---- */

struct reader {
    struct clues *clues;
    const uint8_t *phone_key;
    char digits[PHONE_DIGITS +
                1]; /* of the number at hand, separators left out; more than PHONE_DIGITS are only counted */
    size_t digit_count, pieces;
    bool touches_letters;
    int year;                /* the last one before 年 */
    struct plate_clue plate; /* at hand while plate_count > 0 */
    size_t plate_len;        /* cells read; 0: none */
    bool in_plate;
    uint32_t before;
};

static void add_phone(struct clues *clues, const struct digest *hash)
{
    if (clues->phone_count < CLUE_PHONES_MAX)
        clues->phones[clues->phone_count++] = *hash;
}

static int month_of(int64_t at_us)
{
    struct civil_date date = civil_date_of(at_us);
    return 12 * date.year + date.month;
}

/* 2012年5月: of registration. */
static void end_month(struct reader *reader)
{
    int month = reader->digits[0] - '0';
    if (reader->digit_count == 2)
        month = 10 * month + reader->digits[1] - '0';
    if (reader->year && reader->digit_count <= 2 && month >= 1 && month <= 12 && !reader->clues->registered_month)
        reader->clues->registered_month = 12 * reader->year + month;
}

static void end_number(struct reader *reader, uint32_t code)
{
    bool year_word = code == u'年' || code == u'款';
    if (reader->digit_count == PHONE_DIGITS && reader->digits[0] == '1' && reader->digits[1] >= '3' &&
        reader->phone_key && !reader->touches_letters) {
        struct digest hash;
        (void)crypto_auth_hmacsha256(hash.bytes, (const unsigned char *)reader->digits, PHONE_DIGITS,
                                     reader->phone_key);
        add_phone(reader->clues, &hash);
    }
    if (code == u'月' && reader->digit_count)
        end_month(reader);
    if (year_word && reader->pieces == 1 && (reader->digit_count == 4 || reader->digit_count == 2)) {
        int year = 0;
        for (size_t i = 0; i < reader->digit_count; i++)
            year = year * 10 + reader->digits[i] - '0';
        year += year < 100 ? 2000 : 0;
        reader->year = code == u'年' ? year : 0;
        if (year >= 1985 && year <= 2060 && reader->clues->year_from == 0) {
            reader->clues->year_from =
                year - (code == u'款' ? 1 : 3); /* 款: of the model; 年: of registration, later */
            reader->clues->year_to = year + 1;
        }
    }
    sodium_memzero(reader->digits, sizeof reader->digits);
    reader->digit_count = reader->pieces = 0;
    reader->touches_letters = false;
}

static void end_plate(struct reader *reader)
{
    struct clues *clues = reader->clues;
    size_t rest = reader->plate_len > 0 ? reader->plate_len - 1 : 0, known = 0;
    for (size_t i = 0; i < rest; i++)
        known += reader->plate.rest[i] != WRITTEN_HIDDEN;
    if ((rest == 5 || rest == 6) && known >= 1 && clues->plate_count < CLUE_PLATES_MAX)
        clues->plates[clues->plate_count++] = reader->plate;
    reader->in_plate = false;
    reader->plate_len = 0;
}

static void read_plate(struct reader *reader, uint32_t code)
{
    if (plate_is_province(code)) {
        end_plate(reader);
        reader->in_plate = true;
        reader->plate = (struct plate_clue){.place = {code, 0}};
        return;
    }
    if (!reader->in_plate || code == GLYPH_MIDDLE_DOT || code == ' ' || code == '.' || code == GLYPH_INVISIBLE)
        return;
    bool hidden = letter_is_mask(code);
    if (reader->plate_len == 0 && glyph_is_letter(code)) {
        reader->plate.place.city = (char)code;
        reader->plate_len = 1;
    } else if (reader->plate_len > 0 && reader->plate_len <= 6 && (hidden || glyph_is_alnum(code))) {
        reader->plate.rest[reader->plate_len++ - 1] = hidden ? WRITTEN_HIDDEN : (char)code;
    } else {
        end_plate(reader);
    }
}

static void read_number(struct reader *reader, uint32_t code)
{
    if (glyph_is_digit(code)) {
        if (reader->digit_count < PHONE_DIGITS)
            reader->digits[reader->digit_count] = (char)code;
        reader->touches_letters |= reader->digit_count == 0 && glyph_is_letter(reader->before);
        reader->pieces += reader->digit_count == 0 || !glyph_is_digit(reader->before);
        reader->digit_count++;
        return;
    }
    reader->touches_letters |= glyph_is_letter(code);
    if (code != '-' && code != GLYPH_INVISIBLE && (code != ' ' || reader->digit_count < 3))
        end_number(reader, code);
}

static void read_text(struct clues *clues, struct text t, const uint8_t *phone_key)
{
    struct reader reader = {.clues = clues, .phone_key = phone_key};
    struct listing_letter letter;
    for (size_t at = 0; at < t.len; at += letter.len) {
        letter = listing_letter_at(t, at);
        read_number(&reader, letter.code);
        read_plate(&reader, letter.code);
        reader.before = letter.code;
    }
    end_number(&reader, 0);
    end_plate(&reader);
}

/* ---- the two sides ---- */

void clues_of_sighting(const struct sighting *sighting, const uint8_t phone_key[PHONE_KEY_BYTES], struct clues *clues)
{
    const struct listing *listing = &sighting->listing;
    *clues = (struct clues){.model = sighting->model, .title = listing->title, .text = listing->text};
    clues->make = named_row(text_empty(sighting->make) ? listing->title : sighting->make, makes, COUNT(makes));
    clues->colour = named_row(text_empty(sighting->colour) ? listing->text : sighting->colour, colours, COUNT(colours));
    clues->place = named_place(sighting->place);
    if (!clues->place.province)
        clues->place = named_place(listing->title);
    if (!clues->place.province)
        clues->place = named_place(listing->text);
    if (sighting->year) {
        clues->year_from = (int)sighting->year - 1;
        clues->year_to = (int)sighting->year + 1;
    }
    if (listing->phone_hash.len == SHA256_BYTES) {
        struct digest hash;
        memcpy(hash.bytes, listing->phone_hash.data, SHA256_BYTES);
        add_phone(clues, &hash);
    }
    if (sighting->has_first_registered)
        clues->registered_month = month_of(sighting->first_registered_at_us);
    for (size_t i = 0; i < sighting->identifier_count; i++)
        if (sighting->identifiers[i].scheme == IDENTIFIER_SCHEME_PLATE)
            read_text(clues, sighting->identifiers[i].value, NULL);
    read_text(clues, listing->title, phone_key);
    read_text(clues, listing->text, phone_key);
    if (clues->plate_count) /* where it is at home tells more than where it stands */
        clues->place = clues->plates[0].place;
}

void clues_add_pickup(struct clues *clues, const struct pickup *pickup)
{
    if (!text_empty(pickup->make))
        clues->make = named_row(pickup->make, makes, COUNT(makes));
    if (!text_empty(pickup->model))
        clues->model = pickup->model;
    if (!text_empty(pickup->colour))
        clues->colour = named_row(pickup->colour, colours, COUNT(colours));
    if (pickup->first_registered_at_us)
        clues->registered_month = month_of(pickup->first_registered_at_us);
    if (pickup->phone_hash.len == SHA256_BYTES) {
        struct digest hash;
        memcpy(hash.bytes, pickup->phone_hash.data, SHA256_BYTES);
        add_phone(clues, &hash);
    }
}

void clues_add_plate(struct clues *clues, struct text plate)
{
    size_t before = clues->plate_count;
    read_text(clues, plate, NULL);
    if (clues->plate_count > before && !clues->place.province)
        clues->place = clues->plates[before].place;
}

void clues_add_vin(struct clues *clues, struct text vin)
{
    static const char cycle[] = "ABCDEFGHJKLMNPRSTVWXY123456789";
    const char *at = vin.len == VIN_LEN ? memchr(cycle, vin.data[9], sizeof cycle - 1) : NULL;
    if (!at)
        return;
    clues->year_from = 2010 + (int)(at - cycle);
    if (clues->year_from > 2028) /* the cycle before: 1998 to 2009 */
        clues->year_from -= 30;
    clues->year_to = clues->year_from;
}

/* ---- weighing ---- */

static void agree(struct clue_weight *weight, int tenths, const char *word)
{
    size_t used = strlen(weight->words);
    weight->tenths += tenths;
    if (tenths > 0)
        (void)snprintf(weight->words + used, sizeof weight->words - used, "%s%s", used ? ", " : "", word);
}

static void weigh_place(struct clue_weight *weight, const struct place *a, const struct place *b)
{
    if (!a->province || !b->province)
        return;
    if (a->province != b->province)
        agree(weight, WEIGHT_ELSEWHERE, "");
    else if (a->city && a->city == b->city)
        agree(weight, WEIGHT_CITY, "city");
    else if (!a->city || !b->city)
        agree(weight, WEIGHT_PROVINCE, "province");
}

/* Of the characters after the letter, as many as are known on both sides; -1 when they are of different plates. */
static int plate_agreement(const struct plate_clue *a, const struct plate_clue *b)
{
    int known = 0;
    if (a->place.province != b->place.province || a->place.city != b->place.city || strlen(a->rest) != strlen(b->rest))
        return -1;
    for (size_t i = 0; a->rest[i]; i++) {
        if (a->rest[i] == WRITTEN_HIDDEN || b->rest[i] == WRITTEN_HIDDEN)
            continue;
        if (a->rest[i] != b->rest[i])
            return -1;
        known++;
    }
    return known;
}

static void weigh_plates(struct clue_weight *weight, const struct clues *item, const struct clues *listing)
{
    int best = -1;
    if (!item->plate_count || !listing->plate_count)
        return;
    for (size_t i = 0; i < item->plate_count; i++)
        for (size_t k = 0; k < listing->plate_count; k++) {
            int known = plate_agreement(&item->plates[i], &listing->plates[k]);
            best = known > best ? known : best;
        }
    agree(weight, best < 0 ? WEIGHT_OTHER_PLATE : best * WEIGHT_PLATE_CHARACTER, "plate");
}

static bool share_phone(const struct clues *item, const struct clues *listing)
{
    for (size_t i = 0; i < item->phone_count; i++)
        for (size_t k = 0; k < listing->phone_count; k++)
            if (digest_equal(&item->phones[i], &listing->phones[k]))
                return true;
    return false;
}

static bool names_model(const struct clues *item, const struct clues *listing)
{
    char model[64];
    if (text_empty(item->model) || !glyph_fold(item->model, GLYPH_COMPACT, model, sizeof model) || strlen(model) < 2)
        return false;
    return has_word(listing->model, model) || has_word(listing->title, model) || has_word(listing->text, model);
}

struct clue_weight clues_weigh(const struct clues *item, const struct clues *listing)
{
    struct clue_weight weight = {0};
    if (share_phone(item, listing))
        agree(&weight, WEIGHT_PHONE, "telephone");
    weigh_plates(&weight, item, listing);
    weigh_place(&weight, &item->place, &listing->place);
    if (item->colour && listing->colour)
        agree(&weight, item->colour == listing->colour ? WEIGHT_COLOUR : WEIGHT_OTHER_COLOUR, "colour");
    if (item->registered_month && listing->registered_month)
        agree(&weight, item->registered_month == listing->registered_month ? WEIGHT_MONTH : WEIGHT_OTHER_MONTH,
              "registration");
    if (names_model(item, listing))
        agree(&weight, WEIGHT_MODEL, "model");
    weight.contradicts = (item->make && listing->make && item->make != listing->make) ||
                         (item->year_from && listing->year_from &&
                          (item->year_to < listing->year_from || item->year_from > listing->year_to));
    return weight;
}
