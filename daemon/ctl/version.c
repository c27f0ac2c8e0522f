/* version.c - custodyctl version: which program this is, and which schema it carries. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/embedded_sql.h"
#include "ctl/version.h"

/* The last numbered migration without its folder and ending. */
static void schema_version(char *out, size_t size)
{
    static const char folder[] = "migrations/";
    snprintf(out, size, "none");
    for (size_t i = 0; i < embedded_sql_count; i++) {
        const char *name = embedded_sql[i].name;
        if (strncmp(name, folder, sizeof folder - 1) == 0)
            snprintf(out, size, "%.*s", (int)strcspn(name + sizeof folder - 1, "."), name + sizeof folder - 1);
    }
}

int version_command(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_usage usage = {
        "", "Prints the version of this program and of the schema it carries.\n", 0, 0, NULL, 0};
    int exit_code;
    char schema[64];
    if (!ctl_parse(ctl, &usage, &argc, &argv, &exit_code))
        return exit_code;
    schema_version(schema, sizeof schema);
    if (ctl->json)
        return ctl_print_json(ctl, json_pack("{s:s, s:s}", "version", CUSTODY_VERSION, "schema", schema));
    fprintf(ctl->out, "custodyctl %s\nschema %s\n", CUSTODY_VERSION, schema);
    return CTL_OK;
}
