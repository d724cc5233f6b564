/* err.h -- the one error type of the project.
 *
 * A function that can fail returns enum err and is marked MUST_USE; one that
 * cannot fail returns void or its value. Codes are also wire codes and the
 * reasons of held changes (PROTOCOL.md, section 6): append only, never
 * renumber. client-js/src/err.js is checked against this list.
 */
#ifndef ERR_H
#define ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* X(NAME, wire code, wire name, English) */
#define ERR_LIST(X)                                                            \
    X(OK, 0, "ok", "ok")                                                       \
    X(NOMEM, 1, "nomem", "the server is out of memory")                        \
    X(MALFORMED, 2, "malformed", "not a message of this protocol")             \
    X(TOO_BIG, 3, "too_big", "over a limit of the protocol")                   \
    X(TOO_DEEP, 4, "too_deep", "arrays nested too deep")                       \
    X(ORDER, 5, "order", "this message is not expected now")                   \
    X(PROTOCOL, 6, "protocol", "this protocol version is not spoken")          \
    X(UNKNOWN_DEVICE, 7, "unknown_device",                                     \
      "no such device, or the wrong token, or it was revoked")                 \
    X(DENIED, 8, "denied", "this person may not do that there")                \
    X(GAP, 9, "gap", "changes are missing")                                    \
    X(CLONED, 10, "cloned",                                                    \
      "the same seq came with other bytes: a copied or rolled-back device")    \
    X(STORE, 11, "store", "the store could not be read or written")            \
    X(FULL, 12, "full",                                                        \
      "the disk is full: nothing is acknowledged until there is room")         \
    X(BUSY, 13, "busy", "over the server's limits: come back later")           \
    X(TIMEOUT, 14, "timeout", "nothing was heard for too long")                \
    X(BAD_CODE, 15, "bad_code",                                                \
      "this enrolment code is not valid, or was used")                         \
    X(UNKNOWN_TYPE, 16, "unknown_type", "no such record type")                 \
    X(UNKNOWN_FIELD, 17, "unknown_field", "no such field in this type")        \
    X(UNKNOWN_RECORD, 18, "unknown_record", "no such record in this bucket")   \
    X(UNKNOWN_BUCKET, 19, "unknown_bucket", "no such bucket, or not yours")    \
    X(BAD_VALUE, 20, "bad_value",                                              \
      "the value is not of the field's kind or over its limit")                \
    X(BAD_DELTA, 21, "bad_delta",                                              \
      "the text delta does not fit the text it was made on")                   \
    X(BAD_SEEN, 22, "bad_seen", "seen is not a version of this unit")          \
    X(ONCE, 23, "once", "this field is written once and has another value")    \
    X(EXISTS, 24, "exists", "this record id is taken in another bucket")       \
    X(ACCESS_ENDED, 25, "access_ended", "written after access had ended")      \
    X(AFTER_SIGNOFF, 26, "after_signoff",                                      \
      "arrived after sign-off, without having seen it")                        \
    X(LOST_DEVICE, 27, "lost_device",                                          \
      "written on a device that was reported lost")                            \
    X(BAD_OP, 28, "bad_op", "this edit cannot be made on this field")          \
    X(UNREADABLE, 29, "unreadable", "the change could not be read")            \
    X(CORRUPT, 30, "corrupt", "the store's content is not as it was written")  \
    X(SCHEMA, 31, "schema", "records.json is not valid")                       \
    X(USAGE, 32, "usage",                                                      \
      "the command line or the configuration is not valid")                    \
    X(EXISTS_ALREADY, 33, "exists_already",                                    \
      "the data directory holds a store already")                              \
    X(LOCKED, 34, "locked", "another process serves this data directory")

enum err {
#define X(name, code, wire, text) ERR_##name = code,
    ERR_LIST(X)
#undef X
};

const char *err_name(enum err); /* the wire name; never NULL */
const char *err_text(enum err); /* English for a log line; never NULL */

#endif
