/* import.c - custodyctl import: firms' own files, row by row; templates, dry runs, and what became of each row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/import.h"
#include "ctl/table.h"

#define JOB_MEMORY_MAX ((size_t)2 << 30)

enum { DEFAULT_TIMEOUT_S = 30, DOCUMENT_MAX_BYTES = 200, HELP_MAX_BYTES = 64 * 1024 };

struct import_options {
    const char *key_file, *password_file, *broker, *ack_key, *document;
    int64_t timeout_s;
    bool dry_run, template;
};

/* ---- the file ---- */

static int read_stream(FILE *in, struct buffer *bytes)
{
    uint8_t chunk[64 * 1024];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, in)) > 0)
        buffer_put(bytes, chunk, len);
    return ferror(in) ? ERR_IO : bytes->failed ? ERR_TOO_LARGE : 0;
}

static int read_file(struct ctl *ctl, const char *path, struct buffer *bytes)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    if (!in)
        return ctl_fail(ctl, CTL_USAGE, "file: %s: %s; hint: a file of separated values, - is standard input", path,
                        strerror(errno));
    const int code = read_stream(in, bytes);
    if (!is_stdin)
        fclose(in);
    return code == 0 ? CTL_OK
                     : ctl_fail(ctl, CTL_USAGE, "file: %s: %s; hint: a file of at most %d bytes", path,
                                error_words(code), SHEET_BYTES_MAX);
}

static int read_table(struct import_job *job, const struct import_kind *kind, struct text bytes)
{
    struct error error = {0};
    job->file_sha256 = sha256(bytes.data, bytes.len);
    int code = sheet_read(bytes, &job->arena, &job->sheet, &error);
    if (code == 0)
        code = import_table_read(kind, &job->sheet, clock_now_us(), &job->arena, &job->table, &job->issues, &error);
    if (code) {
        (void)error_prefix(&error, "%s", job->document);
        return code == ERR_NO_MEMORY ? ctl_fail(job->ctl, CTL_TEMPORARY, "%s", error.text)
                                     : ctl_fail(job->ctl, CTL_NEGATIVE, "%s", error.text);
    }
    job->results = arena_array(&job->arena, job->table.row_count, sizeof *job->results);
    if (job->results == NULL)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    for (size_t i = 0; i < job->table.row_count; i++)
        job->results[i] = job->table.rows[i].refused ? IMPORT_REFUSED : IMPORT_NEW;
    return CTL_OK;
}

/* ---- what became of it ---- */

static const char *const result_words[] = {
#define X(name, word, meaning) word,
    IMPORT_RESULT_TABLE(X)
#undef X
};
enum { RESULT_COUNT = sizeof result_words / sizeof result_words[0] };

static void count_results(const struct import_job *job, size_t counts[RESULT_COUNT])
{
    memset(counts, 0, RESULT_COUNT * sizeof counts[0]);
    for (size_t i = 0; i < job->table.row_count; i++)
        counts[job->results[i]]++;
}

static json_t *issues_json(const struct import_job *job, bool warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < job->issues.count; i++) {
        const struct import_issue *issue = &job->issues.list[i];
        if (issue->warning == warnings)
            json_array_append_new(list, json_pack("{s:I, s:s%, s:s%, s:s}", "line", (json_int_t)issue->line, "column",
                                                  issue->column.data ? issue->column.data : "", issue->column.len,
                                                  "value", issue->value.data ? issue->value.data : "", issue->value.len,
                                                  "text", issue->words));
    }
    return list;
}

static int print_json(const struct import_job *job, bool dry_run)
{
    size_t counts[RESULT_COUNT];
    json_t *rows = json_array();
    count_results(job, counts);
    for (size_t i = 0; i < job->table.row_count; i++)
        json_array_append_new(rows, json_pack("{s:I, s:s}", "line", (json_int_t)job->table.rows[i].line, "result",
                                              result_words[job->results[i]]));
    json_t *document = json_pack("{s:s, s:s, s:s, s:b, s:I}", "kind", job->table.kind->name, "document", job->document,
                                 "encoding", sheet_encoding_word(job->sheet.encoding), "dry_run", dry_run, "rows",
                                 (json_int_t)job->table.row_count);
    for (size_t i = 0; i < RESULT_COUNT; i++)
        json_object_set_new(document, result_words[i], json_integer((json_int_t)counts[i]));
    json_object_set_new(document, "errors", issues_json(job, false));
    json_object_set_new(document, "warnings", issues_json(job, true));
    json_object_set_new(document, "results", rows);
    return ctl_print_json(job->ctl, document);
}

static void print_issue(const struct import_job *job, const struct import_issue *issue)
{
    struct buffer line;
    buffer_init(&line, 4096);
    buffer_printf(&line, "%s:%zu: %s", job->document, issue->line, issue->warning ? "warning: " : "");
    if (issue->column.len > 0)
        buffer_printf(&line, "%.*s: ", TEXT_ARG(issue->column));
    if (issue->value.len > 0)
        buffer_printf(&line, "%.*s: ", (int)(issue->value.len < 200 ? issue->value.len : 200), issue->value.data);
    buffer_printf(&line, "%s", issue->words);
    buffer_put_u8(&line, '\0');
    if (!line.failed)
        text_print_safe((const char *)line.data, job->ctl->out);
    fputc('\n', job->ctl->out);
    buffer_fini(&line);
}

static int print_text(const struct import_job *job, bool dry_run)
{
    size_t counts[RESULT_COUNT];
    count_results(job, counts);
    for (size_t i = 0; i < job->issues.count; i++)
        print_issue(job, &job->issues.list[i]);
    fprintf(job->ctl->out, "%s %s (%s): %zu rows", job->table.kind->name, job->document,
            sheet_encoding_word(job->sheet.encoding), job->table.row_count);
    for (size_t i = 0; i < RESULT_COUNT; i++)
        if (counts[i] > 0)
            fprintf(job->ctl->out, ", %zu %s", counts[i], result_words[i]);
    fprintf(job->ctl->out, "; %zu warnings%s\n", job->issues.warnings, dry_run ? "; dry run, nothing was sent" : "");
    return CTL_OK;
}

static int print_outcome(struct import_job *job, bool dry_run)
{
    size_t counts[RESULT_COUNT];
    import_issues_sort(&job->issues);
    const int exit_code = job->ctl->json ? print_json(job, dry_run) : print_text(job, dry_run);
    if (exit_code != CTL_OK)
        return exit_code;
    count_results(job, counts);
    return counts[IMPORT_REFUSED] > 0 ? CTL_NEGATIVE : CTL_OK;
}

/* ---- the steps ---- */

static size_t count_new(const struct import_job *job)
{
    size_t counts[RESULT_COUNT];
    count_results(job, counts);
    return counts[IMPORT_NEW];
}

/* Two accounts of a firm must not bring the same document in at a time; the lock goes with the connection. */
static int lock_document(struct import_job *job, const struct speaker *speaker)
{
    static const char sql[] =
        "SELECT pg_try_advisory_lock(hashtextextended('custodyctl import ' || $1 || E'\n' || $2, 0))";
    struct rows *rows = NULL;
    int exit_code = ctl_query(job->ctl, sql, 2, (const char *const[]){speaker->party, job->document}, &rows);
    if (exit_code == CTL_OK && rows_text(rows, 0, 0)[0] != 't')
        exit_code = ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s is being imported for %s; hint: wait for it",
                             job->document, speaker->party);
    rows_free(rows);
    return exit_code;
}

/* A dry run needs no key; with one it says, too, what is there already. */
static int bring_in(struct import_job *job, const struct import_options *options, struct speaker *speaker)
{
    const struct config *config;
    import_name(job, TEXT("")); /* until it is known who speaks */
    if (import_check(job, clock_now_us()) != 0)
        return ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
    if (options->dry_run && options->key_file == NULL)
        return CTL_OK;
    int exit_code = speaker_read(job->ctl, options->key_file, options->password_file, speaker);
    if (exit_code == CTL_OK)
        exit_code = speaker_begin(job->ctl, speaker);
    if (exit_code == CTL_OK)
        exit_code = lock_document(job, speaker);
    if (exit_code != CTL_OK)
        return exit_code;
    import_name(job, text_of(speaker->party));
    exit_code = import_refer(job);
    if (exit_code == CTL_OK)
        exit_code = import_compare(job, clock_now_us());
    if (exit_code == CTL_OK)
        exit_code = ctl_config(job->ctl, &config);
    if (exit_code != CTL_OK || options->dry_run || count_new(job) == 0)
        return exit_code;
    const struct import_way way = {options->broker ? options->broker : config->broker, options->ack_key,
                                   options->timeout_s};
    return import_send(job, speaker, &way);
}

static int run_job(struct import_job *job, const struct import_kind *kind, const struct import_options *options,
                   const char *path)
{
    struct buffer bytes;
    struct speaker speaker = {0};
    buffer_init(&bytes, SHEET_BYTES_MAX);
    int exit_code = read_file(job->ctl, path, &bytes);
    if (exit_code == CTL_OK)
        exit_code = read_table(job, kind, buffer_text(&bytes));
    if (exit_code != CTL_OK) {
        buffer_fini(&bytes);
        return exit_code;
    }
    exit_code = kind->noun != NULL ? import_register(job, options->dry_run) : bring_in(job, options, &speaker);
    explicit_bzero(&speaker, sizeof speaker);
    const int told = print_outcome(job, options->dry_run); /* of what was done, also when it did not come to its end */
    buffer_fini(&bytes);
    return exit_code != CTL_OK ? exit_code : told;
}

/* ---- the command ---- */

static int print_template(struct ctl *ctl, const struct import_kind *kind)
{
    struct buffer text;
    buffer_init(&text, HELP_MAX_BYTES);
    import_template(kind, &text);
    fwrite(text.data, 1, text.len, ctl->out);
    buffer_fini(&text);
    return CTL_OK;
}

/* Made from the table of kinds; ends with a NUL. */
static void describe(struct buffer *text)
{
    buffer_printf(
        text,
        "Brings a file of separated values in: UTF-8 with or without BOM, or GB18030, as Excel saves it. Each row of\n"
        "pickups, weighings, certificates, listings and registrations becomes an envelope that is signed with the key\n"
        "of an account, sent over the broker and acknowledged; each row of watch-lists, parties, sites, vehicles and\n"
        "permits is entered into the registry, as custodyctl register does, under the database role in use.\n\n"
        "A row with an error is told with line and column and stays out; all others go in. A row is named by party,\n"
        "document and line for good: importing the same file again stores nothing twice, and a line that now says\n"
        "something else is an error. A header that begins with # is left out.\n\n"
        "  custodyctl import --template pickups > pickups.csv\n"
        "  custodyctl import pickups pickups.csv --dry-run\n"
        "  custodyctl import pickups pickups.csv --key-file account.key\n\n"
        "Exit code: 0 every row is in, 1 some were refused (the others are in) or the file is none, 75 broker, daemon\n"
        "or database silent (import it again), 78 the account or its rights are missing.\n\n"
        "Kinds and columns (Chinese or English header; times are Asia/Shanghai):\n\n");
    for (size_t i = 0; i < import_kind_count; i++)
        import_describe(&import_kinds[i], text);
    buffer_put_u8(text, '\0');
}

static bool parse(struct ctl *ctl, struct import_options *o, int *argc, char ***argv, int *exit_code)
{
    const struct ctl_option options[] = {
        {"key-file", CTL_OPTION_TEXT, "FILE", "secret key of the account that speaks; its name is in the file",
         &o->key_file, 0, 0},
        {"password-file", CTL_OPTION_TEXT, "FILE", "password of the account at the broker (default: none)",
         &o->password_file, 0, 0},
        {"broker", CTL_OPTION_TEXT, "HOSTS", "host:port or unix:/path (default: configuration)", &o->broker, 0, 0},
        {"ack-key", CTL_OPTION_TEXT, "KEY", "verifier key of acknowledgements (default: not checked)", &o->ack_key, 0,
         0},
        {"document", CTL_OPTION_TEXT, "NAME", "what names the file for good (default: its file name)", &o->document, 0,
         0},
        {"dry-run", CTL_OPTION_FLAG, NULL, "check alone; with --key-file also say what is there already", &o->dry_run,
         0, 0},
        {"template", CTL_OPTION_FLAG, NULL, "print an empty file of the KIND", &o->template, 0, 0},
        {"timeout", CTL_OPTION_NUMBER, "S", "longest time without an acknowledgement, s (default 30)", &o->timeout_s, 1,
         3600},
    };
    struct buffer text;
    buffer_init(&text, HELP_MAX_BYTES);
    describe(&text);
    const struct ctl_usage usage = {"KIND [FILE]", (const char *)text.data,           1, 2,
                                    options,       sizeof options / sizeof options[0]};
    const bool go_on = ctl_parse(ctl, &usage, argc, argv, exit_code);
    buffer_fini(&text);
    return go_on;
}

static const char *document_name(const struct import_options *options, const char *path)
{
    const char *slash = strrchr(path, '/');
    return options->document ? options->document : slash ? slash + 1 : path;
}

int import_command(struct ctl *ctl, int argc, char **argv)
{
    struct import_options options = {.timeout_s = DEFAULT_TIMEOUT_S};
    int exit_code;
    if (!parse(ctl, &options, &argc, &argv, &exit_code))
        return exit_code;
    const struct import_kind *kind = import_kind_find(text_of(argv[0]));
    if (kind == NULL)
        return ctl_fail(ctl, CTL_USAGE, "import: %s; hint: pickups, weighings, certificates, ...: import --help",
                        argv[0]);
    if (options.template)
        return print_template(ctl, kind);
    if (argc < 2)
        return ctl_fail(ctl, CTL_USAGE, "import %s: no file; hint: import %s FILE, or --template", kind->name,
                        kind->name);
    if (kind->noun != NULL && options.key_file != NULL)
        return ctl_fail(ctl, CTL_USAGE,
                        "--key-file: %s are entered into the registry; hint: no key, but a database role that may",
                        kind->name);
    struct import_job job = {.ctl = ctl, .document = document_name(&options, argv[1])};
    if (strlen(job.document) > DOCUMENT_MAX_BYTES || !text_is_clean_utf8(text_of(job.document)) ||
        (strcmp(argv[1], "-") == 0 && options.document == NULL))
        return ctl_fail(ctl, CTL_USAGE, "--document: %.200s; hint: a name of at most %d bytes, in UTF-8", job.document,
                        DOCUMENT_MAX_BYTES);
    arena_init(&job.arena, JOB_MEMORY_MAX);
    job.issues.arena = &job.arena;
    exit_code = run_job(&job, kind, &options, argv[1]);
    arena_fini(&job.arena);
    return exit_code;
}
