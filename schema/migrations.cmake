# Turns schema/migrations/0001.sql, 0002.sql … into migrations.c, so that the
# program carries them. Included by CMakeLists.txt; adds the file to `io`.
file(GLOB migrations CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_LIST_DIR}/migrations/[0-9][0-9][0-9][0-9].sql)
list(SORT migrations)
set(number 0)
set(texts "")
set(list "")
foreach(migration ${migrations})
    math(EXPR number "${number} + 1")
    get_filename_component(name ${migration} NAME_WE)
    if(NOT name MATCHES "^0*${number}$")
        message(FATAL_ERROR "${migration}: number ${number} is missing")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${migration})
    file(READ ${migration} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
    string(APPEND texts "static const char sql_${number}[] = {${hex}0};\n")
    string(APPEND list "    {sql_${number}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/migrations.c CONTENT
"#include \"store_sqlite.h\"\n
${texts}
const struct store_migration store_migrations[] = {\n${list}};
const uint32_t store_migration_count = ${number};
")
target_sources(io PRIVATE ${CMAKE_BINARY_DIR}/migrations.c)
