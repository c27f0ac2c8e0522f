/* custodyctl.c - everything an operator or an auditor types: the table of subcommands. Each is one file of ctl/. */
#include <locale.h>
#include <stdio.h>

#include "ctl/ctl.h"

static const struct ctl_command commands[] = {
    {"migrate", "bring the database to the schema this program carries", migrate_command},
    {"register", "enter parties, sites, vehicles, permits, sources and keys", register_command},
    {"import", "bring in firms' own files: pickups, weighings, certificates, ...", import_command},
    {"keygen", "make a signing key", keygen_command},
    {"rotate-key", "let the key that signs checkpoints name the next one", rotate_key_command},
    {"trust-head", "hold custodyd to the log as this database has it", trust_head_command},
    {"simulate", "run a simulated fleet", simulate_command},
    {"trace", "the chain of custody of an item, by any of its identifiers", trace_command},
    {"verdict", "may it be sold second-hand? allowed, banned or unknown", verdict_command},
    {"flags", "what the rules found: list, show, explain, move, assign, comment", flags_command},
    {"credit", "the credit record of a firm", credit_command},
    {"prove", "write an evidence bundle that others verify with their own tools", prove_command},
    {"verify", "check evidence bundles against a trust policy, offline", verify_command},
    {"erase", "remove the bytes of a record, by two people: request, approve, list", erase_command},
    {"monitor", "follow the log from outside: recompute it and compare", monitor_command},
    {"rebuild", "fold every item's events again; --check only compares", rebuild_command},
    {"ping", "send a report and await its acknowledgement", ping_command},
    {"doctor", "check configuration, database, broker, keys and clock", doctor_command},
    {"version", "version of this program and of its schema", version_command},
};

int main(int argc, char **argv)
{
    struct ctl ctl;
    setlocale(LC_CTYPE, "");
    ctl_init(&ctl, stdout, stderr);
    int exit_code = ctl_run(&ctl, commands, sizeof commands / sizeof commands[0], argc, argv);
    ctl_fini(&ctl);
    return exit_code;
}
