#define _GNU_SOURCE
#include "CDuckDB.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// A table of pointers into the library that was opened.
#define JIDOKA_MEMBER(result, name, parameters, arguments) result(*name) parameters;
#define JIDOKA_MEMBER_VOID(name, parameters, arguments) void(*name) parameters;
struct functions {
    JIDOKA_DUCKDB_FUNCTIONS(JIDOKA_MEMBER, JIDOKA_MEMBER_VOID)
};
static struct functions api;

// The functions that Swift calls. Hidden, so that the opened library never resolves its own names to them.
#define JIDOKA_JUMP(result, name, parameters, arguments) \
    __attribute__((visibility("hidden"))) result name parameters { return api.name arguments; }
#define JIDOKA_JUMP_VOID(name, parameters, arguments) \
    __attribute__((visibility("hidden"))) void name parameters { api.name arguments; }
JIDOKA_DUCKDB_FUNCTIONS(JIDOKA_JUMP, JIDOKA_JUMP_VOID)

#define JIDOKA_NAME(result, name, parameters, arguments) {#name, offsetof(struct functions, name)},
#define JIDOKA_NAME_VOID(name, parameters, arguments) {#name, offsetof(struct functions, name)},
static const struct {
    const char *name;
    size_t offset;
} slots[] = {JIDOKA_DUCKDB_FUNCTIONS(JIDOKA_NAME, JIDOKA_NAME_VOID)};

static char loaded_path[4096];

bool jidoka_duckdb_load(const char *path, const char *stub, char *error, size_t error_size) {
    if (stub != NULL && dlopen(stub, RTLD_LAZY | RTLD_GLOBAL) == NULL) {
        snprintf(error, error_size, "%s", dlerror());
        return false;
    }
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(error, error_size, "%s", dlerror());
        return false;
    }
    struct functions found;
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        void *function = dlsym(library, slots[i].name);
        if (function == NULL) {
            snprintf(error, error_size, "it has no function %s", slots[i].name);
            dlclose(library);
            return false;
        }
        memcpy((char *)&found + slots[i].offset, &function, sizeof(function));
    }
    if (api.duckdb_library_version != NULL) {
        if (api.duckdb_library_version == found.duckdb_library_version) return true;
        snprintf(error, error_size, "this process has already loaded %s", loaded_path);
        dlclose(library);
        return false;
    }
    Dl_info info;
    if (dladdr((void *)found.duckdb_library_version, &info) != 0 && info.dli_fname != NULL) {
        snprintf(loaded_path, sizeof(loaded_path), "%s", info.dli_fname);
    }
    api = found;
    return true;
}

const char *jidoka_duckdb_loaded_path(void) { return loaded_path[0] == 0 ? NULL : loaded_path; }
