/* transport_test.c -- the parts of the transport that need no socket: what a
 * header must say, which file a path means, what a log line looks like. The
 * rest is in client-js/test/transport.test.js, over real sockets.
 */
#include "cmocka_all.h"
#include "log.h"
#include "transport_check.h"
#include "transport_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_host_is_a_name_or_address_with_or_without_a_port(void **state)
{
    static const char *const good[] = {
        "a",     "tablet.example", "a.b:8787",  "127.0.0.1:1",
        "[::1]", "[::1]:8787",     "x-y_z.org", NULL};
    static const char *const bad[] = {
        "",         ":80", "a:",    "a:b",  "a b",           "a,b",
        "a/b",      "a@b", "a:1:2", "::1",  "a:123456",      "a\r\nb",
        "\xc3\xa9", "a;b", "a'b",   "[::1", "evil.org/x:80", NULL};

    (void)state;
    for (size_t i = 0; good[i]; i++)
        assert_true(transport_check_host(good[i], NULL));
    for (size_t i = 0; bad[i]; i++)
        assert_false(transport_check_host(bad[i], NULL));
}

static void only_hosts_on_the_list_are_ours(void **state)
{
    static const char *const hosts[] = {"tidemark.example", "10.0.0.1:8787",
                                        NULL};

    (void)state;
    assert_true(transport_check_host("tidemark.example", hosts));
    assert_true(transport_check_host("TIDEMARK.example:443", hosts));
    assert_true(transport_check_host("10.0.0.1:8787", hosts));
    assert_false(transport_check_host("10.0.0.1", hosts));
    assert_false(transport_check_host("10.0.0.1:8788", hosts));
    assert_false(transport_check_host("tidemark.example.evil", hosts));
    assert_false(transport_check_host("x.tidemark.example", hosts));
}

static void an_origin_is_ours_or_nobodys(void **state)
{
    (void)state;
    assert_true(transport_check_origin("", "http", "a:1"));
    assert_true(transport_check_origin("http://A:1", "http", "a:1"));
    assert_false(transport_check_origin("https://a:1", "http", "a:1"));
    assert_false(transport_check_origin("http://a:1", "https", "a:1"));
    assert_false(transport_check_origin("http://a:12", "http", "a:1"));
    assert_false(transport_check_origin("http://a", "http", "a:1"));
    assert_false(transport_check_origin("http://a:1/", "http", "a:1"));
    assert_false(transport_check_origin("null", "http", "a:1"));
    assert_false(transport_check_origin("http", "http", "a:1"));
}

static void a_key_is_sixteen_bytes_in_base64(void **state)
{
    (void)state;
    assert_true(transport_check_key("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_true(transport_check_key("AAAAAAAAAAAAAAAAAAAAAA=="));
    assert_false(transport_check_key("dGhlIHNhbXBsZSBub25jZR=="));
    assert_false(transport_check_key("dGhlIHNhbXBsZSBub25jZQ="));
    assert_false(transport_check_key("dGhlIHNhbXBsZSBub25jZQA="));
    assert_false(transport_check_key("dGhlIHNhbXBsZSBub2 jZQ=="));
    assert_false(transport_check_key(""));
}

static void lists_are_read_element_by_element(void **state)
{
    (void)state;
    assert_true(transport_check_token("keep-alive, Upgrade", "upgrade"));
    assert_true(transport_check_token(",, upgrade ,", "upgrade"));
    assert_false(transport_check_token("upgraded", "upgrade"));
    assert_false(transport_check_token("up", "upgrade"));
    assert_false(transport_check_token("", "upgrade"));
    assert_true(transport_check_coding("gzip, br;q=0.9", "br"));
    assert_true(transport_check_coding("GZIP", "gzip"));
    assert_false(transport_check_coding("gzip;q=0", "gzip"));
    assert_false(transport_check_coding("gzip; q=0.000", "gzip"));
    assert_true(transport_check_coding("gzip;q=0.001", "gzip"));
    assert_false(transport_check_coding("x-gzip, deflate", "gzip"));
    assert_true(transport_check_etag("\"a\", W/\"b\"", "\"b\""));
    assert_true(transport_check_etag("*", "\"b\""));
    assert_false(transport_check_etag("\"ab\"", "\"b\""));
}

static void a_length_is_digits_and_not_too_many(void **state)
{
    size_t length = 7;

    (void)state;
    assert_true(transport_check_length("0", &length));
    assert_int_equal(length, 0);
    assert_true(transport_check_length("999999999999999", &length));
    assert_int_equal(length, 999999999999999);
    assert_false(transport_check_length("9999999999999999", &length));
    assert_false(transport_check_length("-1", &length));
    assert_false(transport_check_length("+1", &length));
    assert_false(transport_check_length("1 ", &length));
    assert_false(transport_check_length("1,1", &length));
    assert_false(transport_check_length("", &length));
}

static char folder[] = "/tmp/tidemark-files-XXXXXX";

static void put(const char *name, const char *content)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int make_files(void **state)
{
    char path[256];

    (void)state;
    if (!mkdtemp(folder))
        return -1;
    make_folder("assets");
    make_folder("console");
    put("index.html", "home");
    put("console/index.html", "console");
    put("sw.js", "worker");
    put("lonely.br", "nobody's other form");
    put("assets/app-0123abcd.js", "app");
    put("assets/app-0123abcd.js.br", "br");
    put("assets/app.js", "no hash");
    put(".secret", "secret");
    snprintf(path, sizeof(path), "%s/link", folder);
    return symlink("/etc/passwd", path);
}

static int remove_files(void **state)
{
    static const char *const names[] = {"link",
                                        ".secret",
                                        "assets/app.js",
                                        "lonely.br",
                                        "sw.js",
                                        "assets/app-0123abcd.js",
                                        "index.html",
                                        "console/index.html",
                                        "assets/app-0123abcd.js.br",
                                        "assets",
                                        "console"};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        if (remove(path))
            return -1;
    }
    return rmdir(folder);
}

static void assert_found(const struct transport_files *files, const char *path,
                         const char *content)
{
    const struct transport_file *file = transport_files_find(files, path);

    assert_non_null(file);
    assert_int_equal(file->plain.len, strlen(content));
    assert_memory_equal(file->plain.at, content, strlen(content));
}

static void a_path_means_a_file_that_was_there(void **state)
{
    struct transport_files *files;
    static const char *const nothing[] = {"",
                                          "index.html",
                                          "/nothing",
                                          "/link",
                                          "/.secret",
                                          "/../index.html",
                                          "/console/..",
                                          "/assets",
                                          "/assets/",
                                          "//",
                                          "/index.html/",
                                          "/assets/app-0123abcd.js.br"};

    (void)state;
    assert_int_equal(transport_files_open(folder, &files), ERR_OK);
    assert_found(files, "/", "home");
    assert_found(files, "/index.html", "home");
    assert_found(files, "/console", "console");
    assert_found(files, "/console/", "console");
    assert_found(files, "/lonely.br", "nobody's other form");
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
        assert_null(transport_files_find(files, nothing[i]));

    const struct transport_file *app =
        transport_files_find(files, "/assets/app-0123abcd.js");
    assert_non_null(app);
    assert_true(app->is_immutable);
    assert_string_equal(app->content_type, "text/javascript; charset=utf-8");
    assert_int_equal(app->brotli.len, 2);
    assert_null(app->gzip.at);
    assert_string_not_equal(app->brotli.etag, app->plain.etag);
    assert_int_equal(strlen(app->plain.etag), 34);
    assert_false(transport_files_find(files, "/assets/app.js")->is_immutable);
    transport_files_close(files);
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    struct transport_files *files;

    (void)state;
    assert_int_equal(transport_files_open("/nowhere", &files), ERR_USAGE);
}

/* What `say` writes to stderr, as a text that lives until the next call. */
static const char *logged(void (*say)(void))
{
    static char text[64 << 10];
    int pipe_ends[2];
    int before = dup(STDERR_FILENO);

    assert_int_equal(pipe(pipe_ends), 0);
    assert_true(dup2(pipe_ends[1], STDERR_FILENO) >= 0);
    close(pipe_ends[1]);
    say();
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    ssize_t len = read(pipe_ends[0], text, sizeof(text) - 1);
    assert_true(len >= 0);
    text[len] = '\0';
    close(pipe_ends[0]);
    return text;
}

static void say_forged(void)
{
    log_warn("a_test", log_text("name", "x\nlevel=error event=\"forged\""),
             log_number("count", -3), log_hex("id", "\x01\xfe", 2),
             log_text("none", NULL));
}

static void a_log_line_cannot_be_forged(void **state)
{
    (void)state;
    const char *text = logged(say_forged);
    assert_non_null(strstr(text,
                           " level=warn event=a_test "
                           "name=\"x\\x0alevel=error event=\\\"forged\\\"\" "
                           "count=-3 id=01fe none=-\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void say_often(void)
{
    for (int i = 0; i < 1000; i++)
        log_warn("often", log_number("i", i));
    for (int i = 0; i < 20; i++)
        log_error("grave", log_number("i", i));
}

static void a_warning_that_repeats_is_counted_and_an_error_is_not(void **state)
{
    unsigned often = 0, grave = 0;

    (void)state;
    const char *text = logged(say_often);
    for (const char *at = text; (at = strstr(at, "event=often")); at++)
        often++;
    for (const char *at = text; (at = strstr(at, "event=grave")); at++)
        grave++;
    assert_int_equal(often, LOG_BURST);
    assert_int_equal(grave, 20);
}

static char endless[4096];

static void say_endless(void)
{
    memset(endless, 'a', sizeof(endless) - 1);
    log_info("long", log_text("one", endless), log_text("two", endless),
             log_text("three", endless), log_text("four", endless),
             log_text("five", endless), log_text("six", endless));
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    const char *text = logged(say_endless);
    assert_int_equal(strlen(text), LOG_LINE_MAX);
    assert_int_equal(text[LOG_LINE_MAX - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_a_name_or_address_with_or_without_a_port),
        cmocka_unit_test(only_hosts_on_the_list_are_ours),
        cmocka_unit_test(an_origin_is_ours_or_nobodys),
        cmocka_unit_test(a_key_is_sixteen_bytes_in_base64),
        cmocka_unit_test(lists_are_read_element_by_element),
        cmocka_unit_test(a_length_is_digits_and_not_too_many),
        cmocka_unit_test_setup_teardown(a_path_means_a_file_that_was_there,
                                        make_files, remove_files),
        cmocka_unit_test(a_folder_that_is_not_there_is_refused),
        cmocka_unit_test(a_log_line_cannot_be_forged),
        cmocka_unit_test(a_warning_that_repeats_is_counted_and_an_error_is_not),
        cmocka_unit_test(a_long_line_is_cut_and_still_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
