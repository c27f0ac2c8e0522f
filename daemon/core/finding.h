/* finding.h - what we think of a report or an item: the output of every rule, before anything is stored. */
#ifndef CUSTODY_CORE_FINDING_H
#define CUSTODY_CORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Rules: constant, id, version, severity, the article it rests on, what it says (zh / en).
 * Severity: 1 note, 2 look, 3 act, 4 urgent. A rule that this version does not evaluate yet is not in the table. */
#define RULE_TABLE(X)                                                                                                  \
    X(RULE_C01, "C01", 1, 4, "EPCIS CBV 2.0 destroying", "终态后仍有事件", "an event after an end state")              \
    X(RULE_C02, "C02", 1, 4, "Decree 715 art 9, 15", "同一标识重复出现", "one strong identifier alive twice")          \
    X(RULE_C03, "C03", 1, 3, "Decree 715 art 9-13", "流转步骤不符", "a step that the item's lifecycle does not allow") \
    X(RULE_C04, "C04", 1, 3, "policy, after Act 87/2002 art 81 (Japan)", "移交未接收",                                 \
      "offered and never accepted: a custody gap")                                                                     \
    X(RULE_C05, "C05", 1, 3, "Order 164 art 38; policy", "期限届满", "a clock ran out")                                \
    X(RULE_C06, "C06", 1, 3, "Decree 715 art 13; GB 22128-2019", "质量缺失",                                           \
      "mass lost between pickup and intake, or intake far below curb mass")                                            \
    X(RULE_C07, "C07", 1, 3, "Decree 715 art 12, 13; Order 2/2020", "五大总成去向不全",                                \
      "an assembly, traction battery or catalyst not accounted for")                                                   \
    X(RULE_C08, "C08", 1, 4, "Decree 715 art 12, 21", "流向不合格买方", "sold to a buyer of the wrong class")          \
    X(RULE_C09, "C09", 1, 4, "Decree 715 art 11", "未经公安监销",                                                      \
      "dismantled or certified without police supervision")                                                            \
    X(RULE_C10, "C10", 1, 3, "GB 46864-2025", "未清除信息即放行",                                                      \
      "a device with storage released without a verified wipe")                                                        \
    X(RULE_C11, "C11", 1, 4, "Decree 715 art 5, 19; Solid-waste law art 67", "无有效许可或资质",                       \
      "handled without a licence valid for it")                                                                        \
    X(RULE_C12, "C12", 1, 4, "Decree 715 art 10", "标识不符或涂改", "identity altered, mismatching or wanted")         \
    X(RULE_C13, "C13", 1, 3, "MOFCOM 8/2007; Solid-waste law art 36", "产出大于投入", "outputs exceed inputs")         \
    X(RULE_C14, "C14", 1, 3, "Decree 715 art 9, 20", "回收证明异常", "certificate games")                              \
    X(RULE_C15, "C15", 1, 4, "Solid-waste law art 81, 82", "危险废物逾期或未确认",                                     \
      "hazardous waste overdue, unconfirmed, or less than the vehicles must have yielded")                             \
    X(RULE_C16, "C16", 1, 3, "SAT Announcement 5/2024", "反向开票接近或达到限额",                                      \
      "a seller near or at the limit of reverse invoices")                                                             \
    X(RULE_C17, "C17", 1, 3, "Decree 715 art 13", "交接双方关联", "giver and taker are one, or linked")                \
    X(RULE_R01, "R01", 1, 3, "Solid-waste law art 67; policy", "载货车辆场外停留", "a laden truck stops off-site")     \
    X(RULE_R02, "R02", 1, 4, "Decree 715 art 15; policy", "载货车辆到访关注场所",                                      \
      "a laden truck calls at a watched site")                                                                         \
    X(RULE_R03, "R03", 1, 2, "Luojiang plan 2024, 四(四); policy", "超出通行区域或时段",                               \
      "a laden truck leaves its permitted area or hours")                                                              \
    X(RULE_R04, "R04", 1, 3, "Decree 715 art 13; policy", "载货车辆失联", "a laden truck falls silent")                \
    X(RULE_R05, "R05", 1, 2, "Decree 715 art 13; policy", "载货车辆位置跳变", "a laden truck moves impossibly")        \
    X(RULE_R06, "R06", 1, 3, "Solid-waste law art 67; policy", "载货车辆场外开启", "a laden truck opens off-site")     \
    X(RULE_R07, "R07", 1, 4, "Decree 715 art 15; policy", "载货车辆场外失货", "a laden truck loses load off-site")     \
    X(RULE_R08, "R08", 1, 3, "Decree 715 art 15; policy", "载货车辆未预约驶出辖区",                                    \
      "a laden truck leaves the district unbooked")                                                                    \
    X(RULE_S01, "S01", 1, 2, "Decree 715 art 13", "上报序号缺失", "gap in a source's sequence")                        \
    X(RULE_S02, "S02", 1, 4, "Decree 715 art 13", "同一序号内容不一",                                                  \
      "a source said two things under one sequence number or chain")                                                   \
    X(RULE_S03, "S03", 1, 2, "Decree 715 art 13", "设备时钟跳变", "a source's clock jumped")                           \
    X(RULE_S04, "S04", 1, 3, "Decree 715 art 13", "密钥不符", "a source spoke with a wrong key or signature")          \
    X(RULE_S05, "S05", 1, 4, "Decree 715 art 13", "疑似克隆设备", "two epochs of a source interleave (a clone)")       \
    X(RULE_S06, "S06", 1, 3, "policy", "线索过量", "more re-entry flags in a day than the budget of a source")         \
    X(RULE_E01, "E01", 1, 4, "Decree 715 art 15; RTSL art 100", "禁售物品再现", "a banned identifier was sighted")     \
    X(RULE_E02, "E02", 1, 3, "Decree 715 art 15; RTSL art 100", "疑似禁售车辆再现",                                    \
      "a near match of a banned identifier was sighted")                                                               \
    X(RULE_E03, "E03", 1, 3, "Decree 715 art 15; RTSL art 100", "遮挡车架号疑似禁售",                                  \
      "a partly hidden banned identifier was sighted")                                                                 \
    X(RULE_E04, "E04", 1, 4, "RTSL art 100; Order 164 art 29", "超龄或临近报废交易",                                   \
      "a vehicle past its scrapping age, or within its last year, was traded")                                         \
    X(RULE_E05, "E05", 1, 4, "Decree 715 art 15; RTSL art 100", "禁售前已有线索",                                      \
      "a sighting stored before the ban, found when the ban came")                                                     \
    X(RULE_E06, "E06", 1, 3, "GB 46864-2025", "未清除信息的设备再现", "a device was sighted unwiped")                  \
    X(RULE_E07, "E07", 1, 4, "NEV battery rule (six ministries) 2026-04-01", "动力电池违规使用",                       \
      "a traction battery was sighted in a forbidden use")                                                             \
    X(RULE_E08, "E08", 1, 3, "Decree 715 art 15; RTSL art 100", "一号多现",                                            \
      "one identifier in several listings or places at once")

enum rule {
#define X(name, id, version, severity, article, zh, en) name,
    RULE_TABLE(X)
#undef X
        RULE_COUNT
};

struct rule_info {
    const char *id;
    int version;
    int severity;
    const char *article;
    const char *title_zh, *title_en;
};
extern const struct rule_info rule_infos[RULE_COUNT];

/* "E01" to RULE_E01; 0 or ERR_INVALID. */
int rule_parse(struct text id, enum rule *rule) __attribute__((warn_unused_result));

enum { FINDING_KEY_BYTES = 64, FINDING_TEXT_BYTES = 240 };

/* One finding about one subject. `key` tells two findings of one rule and subject apart (the evidence that repeats joins the
 * open flag; another key is another flag); it must be the same whenever the same history is folded again. */
struct finding {
    enum rule rule;
    int severity;  /* the rule's; lower where the evidence is a hint only */
    int64_t at_us; /* event time it concerns */
    size_t event;  /* index of the event in the folded history (item rules); SIZE_MAX where there is none */
    char key[FINDING_KEY_BYTES];   /* UTF-8, "" where the rule and subject say it all */
    char text[FINDING_TEXT_BYTES]; /* what, which value, hint; UTF-8 */
};

/* A bounded list; what does not fit is counted, never silently lost. */
struct findings {
    struct finding *list; /* borrowed room for `room` findings */
    size_t room, count, dropped;
};

/* The key as it is, or its hash when it is too long: cut, it could make two flags one. */
void finding_key(char out[FINDING_KEY_BYTES], const char *key);

/* Adds one; returns it so that the caller can see what was written, or NULL when there was no room (counted). */
struct finding *findings_add(struct findings *findings, enum rule rule, int64_t at_us, size_t event, const char *key,
                             const char *format, ...) __attribute__((format(printf, 6, 7)));

#endif
