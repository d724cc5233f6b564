#include "err.h"

const char *err_name(enum err err)
{
    switch (err) {
#define X(name, code, wire, text)                                              \
    case ERR_##name: return wire;
        ERR_LIST(X)
#undef X
    }
    return "unknown";
}

const char *err_text(enum err err)
{
    switch (err) {
#define X(name, code, wire, text)                                              \
    case ERR_##name: return text;
        ERR_LIST(X)
#undef X
    }
    return "unknown error";
}
