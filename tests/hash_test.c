#include "cmocka_all.h"

#include "hash.h"
#include "vector.h"

static uint32_t number(const char *line, const char *key)
{
    struct span s;

    assert_true(vector_text(line, key, &s));
    return (uint32_t)strtoul((const char *)s.at, NULL, 10);
}

static void assert_sum(const char *line, struct hash64 sum)
{
    assert_int_equal(sum.low, number(line, "low"));
    assert_int_equal(sum.high, number(line, "high"));
}

static void one_hash32(const char *line)
{
    struct buf bytes = {0};

    assert_true(vector_hex(line, "hex", &bytes));
    assert_int_equal(hash32(buf_span(&bytes), number(line, "seed")),
                     number(line, "value"));
    buf_free(&bytes);
}

static void one_hash64(const char *line)
{
    struct buf bytes = {0};

    assert_true(vector_hex(line, "hex", &bytes));
    assert_sum(line, hash64(buf_span(&bytes)));
    buf_free(&bytes);
}

static void one_chain(const char *line)
{
    uint8_t chain[HASH_CHAIN_BYTES] = {0};
    struct buf bytes = {0};
    struct span changes;

    assert_true(vector_text(line, "changes", &changes));
    while (changes.len > 0)
        hash_chain(chain, vector_unhex(vector_part(&changes), &bytes));
    assert_true(vector_hex(line, "chain", &bytes));
    assert_memory_equal(chain, bytes.at, HASH_CHAIN_BYTES);
    buf_free(&bytes);
}

/* Add every row of the list to one sum, take it off the other. */
static void add_rows(struct span rows, struct hash64 *sum, struct hash64 *off)
{
    while (rows.len > 0) {
        struct span row = vector_part(&rows);
        struct id record;
        char *end;

        assert_true(id_parse((struct span){row.at, ID_TEXT_BYTES}, &record));
        const char *text = (const char *)row.at + ID_TEXT_BYTES;
        uint32_t field = (uint32_t)strtoul(text, &end, 10);
        uint64_t version = strtoull(end, NULL, 10);
        hash_row_add(sum, record, field, version);
        hash_row_sub(off, record, field, version);
    }
}

static void one_sum(const char *line)
{
    struct hash64 sum = {0}, off = {0};
    struct span rows;

    assert_true(vector_text(line, "rows", &rows));
    add_rows(rows, &sum, &off);
    assert_sum(line, sum);
    assert_int_equal((uint32_t)(sum.low + off.low), 0);
    assert_int_equal((uint32_t)(sum.high + off.high), 0);
}

static void assert_id(const char *line, struct id id)
{
    char text[ID_TEXT_BYTES + 1];
    struct span wanted;

    id_text(id, text);
    assert_true(vector_text(line, "id", &wanted));
    assert_true(span_equal(wanted, span_of(text)));
}

static void one_natural(const char *line)
{
    struct span type, list, parts[8];
    char name[32] = {0};
    size_t count = 0;

    assert_true(vector_text(line, "type", &type));
    assert_true(vector_text(line, "parts", &list));
    assert_true(type.len < sizeof name);
    memcpy(name, type.at, type.len);
    while (list.len > 0 && count < 8)
        parts[count++] = vector_part(&list);
    assert_id(line, id_natural(name, parts, count));
}

static void one_new(const char *line)
{
    struct buf random = {0};
    struct span now;

    assert_true(vector_text(line, "now", &now));
    assert_true(vector_hex(line, "random", &random));
    int64_t now_ms = strtoll((const char *)now.at, NULL, 10);
    assert_id(line, id_new(now_ms, random.at));
    buf_free(&random);
}

static void one_vector(const char *line)
{
    static const struct {
        const char *kind;
        void (*run)(const char *line);
    } kinds[] = {
        {"hash32", one_hash32}, {"hash64", one_hash64},   {"chain", one_chain},
        {"sum", one_sum},       {"natural", one_natural}, {"new", one_new},
    };
    struct span kind;

    assert_true(vector_text(line, "kind", &kind));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_equal(kind, span_of(kinds[i].kind))) {
            kinds[i].run(line);
            return;
        }
    fail_msg("no such kind: %s", line);
}

static void hashes_and_ids_are_as_the_vectors_say(void **state)
{
    (void)state;
    assert_true(vector_each("tests/vectors/hash.jsonl", one_vector) > 20);
}

/* From the authors' and others' published test values. */
static void murmur3_gives_its_published_values(void **state)
{
    (void)state;
    assert_int_equal(hash32((struct span){0}, 0), 0);
    assert_int_equal(hash32((struct span){0}, 1), 0x514e28b7);
    assert_int_equal(hash32(span_of("Hello, world!"), 0x9747b28c), 0x24884cba);
    assert_int_equal(hash32(span_of("The quick brown fox jumps over the lazy "
                                    "dog"),
                            0x9747b28c),
                     0x2fa826cd);
}

static void an_id_survives_its_text_form(void **state)
{
    (void)state;
    char text[ID_TEXT_BYTES + 1];
    struct id id = id_named(span_of("x")), back;

    id_text(id, text);
    assert_true(id_parse(span_of(text), &back));
    assert_true(id_equal(id, back));
    assert_true(
        id_parse(span_of("0A0B0C0D-0000-0000-0000-00000000000F"), &back));
    assert_int_equal(back.bytes[0], 10);
}

static void what_is_no_uuid_is_no_id(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0a0b0c0d-0000-0000-0000-00000000000",
        "0a0b0c0d-0000-0000-0000-00000000000ff",
        "0a0b0c0d00000-0000-0000-00000000000ff",
        "0a0b0c0d-0000-0000-0000-0000000000g0",
        "0a0b0c0-d0000-0000-0000-000000000000",
    };
    struct id out;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(id_parse(span_of(bad[i]), &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_and_ids_are_as_the_vectors_say),
        cmocka_unit_test(murmur3_gives_its_published_values),
        cmocka_unit_test(an_id_survives_its_text_form),
        cmocka_unit_test(what_is_no_uuid_is_no_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
