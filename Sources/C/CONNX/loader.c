#define _GNU_SOURCE
#include "CONNX.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

enum { JIDOKA_ORT_API_VERSION = 17 };

typedef struct {
    const jidoka_ort_function *(*GetApi)(uint32_t version);
    const char *(*GetVersionString)(void);
} OrtApiBase;

static const jidoka_ort_function *table;
static const OrtApiBase *base;
static char loaded_path[4096];

bool jidoka_ort_load(const char *path, char *error, size_t error_size) {
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(error, error_size, "%s", dlerror());
        return false;
    }
    const OrtApiBase *(*get_base)(void) = (const OrtApiBase *(*)(void))dlsym(library, "OrtGetApiBase");
    const OrtApiBase *found = get_base == NULL ? NULL : get_base();
    if (found == NULL) {
        snprintf(error, error_size, "it has no function OrtGetApiBase");
        dlclose(library);
        return false;
    }
    const jidoka_ort_function *functions = found->GetApi(JIDOKA_ORT_API_VERSION);
    if (functions == NULL) {
        snprintf(error, error_size, "its release %s is too old: 1.17 or newer is needed", found->GetVersionString());
        dlclose(library);
        return false;
    }
    if (table != NULL) {
        if (table == functions) return true;
        snprintf(error, error_size, "this process has already loaded %s", loaded_path);
        dlclose(library);
        return false;
    }
    Dl_info info;
    if (dladdr((void *)get_base, &info) != 0 && info.dli_fname != NULL) {
        snprintf(loaded_path, sizeof(loaded_path), "%s", info.dli_fname);
    }
    base = found;
    table = functions;
    return true;
}

const char *jidoka_ort_loaded_path(void) { return loaded_path[0] == 0 ? NULL : loaded_path; }

const char *jidoka_ort_version(void) { return base->GetVersionString(); }

jidoka_ort_function jidoka_ort_slot(int index) { return table[index]; }

void jidoka_ort_trim_memory(void) { malloc_trim(0); }
