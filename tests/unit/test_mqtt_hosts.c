/* test_mqtt_hosts.c - the setting that names brokers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "io/mqtt_hosts.h"

static struct mqtt_hosts hosts;
static struct error error;

static void assert_host(size_t at, const char *name, int port)
{
    assert_string_equal(hosts.hosts[at].name, name);
    assert_int_equal(hosts.hosts[at].port, port);
}

static void every_form_is_read_in_its_order(void **state)
{
    (void)state;
    assert_int_equal(
        mqtt_hosts_parse(&hosts, "unix:/run/b.sock, broker.example:8883 ,[::1]:1884,[fe80::2], plain,,", &error), 0);
    assert_int_equal(hosts.count, 5);
    assert_host(0, "/run/b.sock", 0);
    assert_host(1, "broker.example", 8883);
    assert_host(2, "::1", 1884);
    assert_host(3, "fe80::2", 1883);
    assert_host(4, "plain", 1883);
}

static void assert_refused(const char *setting, const char *words)
{
    assert_int_equal(mqtt_hosts_parse(&hosts, setting, &error), ERR_CONFIG);
    assert_non_null(strstr(error.text, words));
}

static void what_names_no_broker_is_refused_with_the_value(void **state)
{
    char path[200];

    (void)state;
    memset(path, 'p', sizeof path - 1);
    memcpy(path, "unix:/", 6);
    path[sizeof path - 1] = '\0';
    assert_refused("", "no host");
    assert_refused(" , ", "no host");
    assert_refused("broker:0", "port \"0\"");
    assert_refused("broker:65536", "port \"65536\"");
    assert_refused("broker:mqtt", "port \"mqtt\"");
    assert_refused(":1883", "host \"\"");
    assert_refused("a,b,c,d,e,f,g,h,i", "more than 8 hosts");
    assert_refused(path, "is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_in_its_order),
        cmocka_unit_test(what_names_no_broker_is_refused_with_the_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
