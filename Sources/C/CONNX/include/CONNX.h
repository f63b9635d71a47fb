// ONNX Runtime's C interface as far as this program uses it, in a header of our own over the library's table of functions. The library
// is opened at run time (`jidoka_ort_load`), so that the program builds and starts without it. The table is append-only: slot numbers
// are part of the stable ABI, and version 17 is asked for because every slot used here is older than that.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct jidoka_ort_status *OrtStatus;  // NULL means success
typedef struct jidoka_ort_env *OrtEnv;
typedef struct jidoka_ort_session *OrtSession;
typedef struct jidoka_ort_options *OrtSessionOptions;
typedef struct jidoka_ort_value *OrtValue;
typedef struct jidoka_ort_memory *OrtMemoryInfo;
typedef struct jidoka_ort_allocator *OrtAllocator;
typedef struct jidoka_ort_type *OrtTypeInfo;
typedef struct jidoka_ort_shape *OrtTensorInfo;
typedef struct jidoka_ort_map *OrtMapInfo;
typedef struct jidoka_ort_sequence *OrtSequenceInfo;

/// Opens the library at `path` and fetches its function table. Call it before any other function of this header, and not from two
/// threads at once. A second call succeeds for the same library and is refused for another one.
/// On failure it returns false and writes a text into `error`.
bool jidoka_ort_load(const char *path, char *error, size_t error_size);
/// The file that the loaded library came from, or NULL.
const char *jidoka_ort_loaded_path(void);
/// The release of the loaded library, as `1.31.1`.
const char *jidoka_ort_version(void);

/// Gives memory that the allocator holds free back to the system.
void jidoka_ort_trim_memory(void);

/// The function at a slot of the table.
typedef void (*jidoka_ort_function)(void);
jidoka_ort_function jidoka_ort_slot(int index);

// S(slot, name, (parameters), (arguments)): functions that answer a status. R: those that release and answer nothing.
#define JIDOKA_ORT_FUNCTIONS(S, R)                                                                                                     \
    S(3, CreateEnv, (int level, const char *name, OrtEnv *out), (level, name, out))                                                    \
    S(7, CreateSession, (OrtEnv env, const char *path, OrtSessionOptions options, OrtSession *out), (env, path, options, out))         \
    S(8, CreateSessionFromArray, (OrtEnv env, const void *data, size_t size, OrtSessionOptions options, OrtSession *out),              \
      (env, data, size, options, out))                                                                                                 \
    S(9, Run,                                                                                                                          \
      (OrtSession session, const void *options, const char *const *input_names, const OrtValue *inputs, size_t input_count,            \
       const char *const *output_names, size_t output_count, OrtValue *outputs),                                                       \
      (session, options, input_names, inputs, input_count, output_names, output_count, outputs))                                       \
    S(10, CreateSessionOptions, (OrtSessionOptions * out), (out))                                                                      \
    S(19, DisableCpuMemArena, (OrtSessionOptions options), (options))                                                                  \
    S(23, SetSessionGraphOptimizationLevel, (OrtSessionOptions options, int level), (options, level))                                  \
    S(24, SetIntraOpNumThreads, (OrtSessionOptions options, int count), (options, count))                                              \
    S(25, SetInterOpNumThreads, (OrtSessionOptions options, int count), (options, count))                                              \
    S(30, SessionGetInputCount, (OrtSession session, size_t *out), (session, out))                                                     \
    S(31, SessionGetOutputCount, (OrtSession session, size_t *out), (session, out))                                                    \
    S(33, SessionGetInputTypeInfo, (OrtSession session, size_t index, OrtTypeInfo *out), (session, index, out))                        \
    S(34, SessionGetOutputTypeInfo, (OrtSession session, size_t index, OrtTypeInfo *out), (session, index, out))                       \
    S(36, SessionGetInputName, (OrtSession session, size_t index, OrtAllocator allocator, char **out), (session, index, allocator, out))   \
    S(37, SessionGetOutputName, (OrtSession session, size_t index, OrtAllocator allocator, char **out), (session, index, allocator, out))  \
    S(48, CreateTensorAsOrtValue, (OrtAllocator allocator, const int64_t *shape, size_t rank, int type, OrtValue *out),                \
      (allocator, shape, rank, type, out))                                                                                             \
    S(49, CreateTensorWithDataAsOrtValue,                                                                                              \
      (OrtMemoryInfo memory, void *data, size_t size, const int64_t *shape, size_t rank, int type, OrtValue *out),                     \
      (memory, data, size, shape, rank, type, out))                                                                                    \
    S(51, GetTensorMutableData, (OrtValue value, void **out), (value, out))                                                            \
    S(52, FillStringTensor, (OrtValue value, const char *const *strings, size_t count), (value, strings, count))                       \
    S(53, GetStringTensorDataLength, (OrtValue value, size_t *out), (value, out))                                                      \
    S(54, GetStringTensorContent, (OrtValue value, void *bytes, size_t size, size_t *offsets, size_t count),                           \
      (value, bytes, size, offsets, count))                                                                                            \
    S(55, CastTypeInfoToTensorInfo, (OrtTypeInfo info, OrtTensorInfo * out), (info, out))                                              \
    S(56, GetOnnxTypeFromTypeInfo, (OrtTypeInfo info, int *out), (info, out))                                                          \
    S(60, GetTensorElementType, (OrtTensorInfo info, int *out), (info, out))                                                           \
    S(61, GetDimensionsCount, (OrtTensorInfo info, size_t *out), (info, out))                                                          \
    S(62, GetDimensions, (OrtTensorInfo info, int64_t *out, size_t count), (info, out, count))                                         \
    S(65, GetTensorTypeAndShape, (OrtValue value, OrtTensorInfo * out), (value, out))                                                  \
    S(67, GetValueType, (OrtValue value, int *out), (value, out))                                                                      \
    S(69, CreateCpuMemoryInfo, (int allocator_type, int memory_type, OrtMemoryInfo *out), (allocator_type, memory_type, out))          \
    S(76, AllocatorFree, (OrtAllocator allocator, void *pointer), (allocator, pointer))                                                \
    S(78, GetAllocatorWithDefaultOptions, (OrtAllocator * out), (out))                                                                 \
    S(80, GetValue, (OrtValue value, int index, OrtAllocator allocator, OrtValue *out), (value, index, allocator, out))                \
    S(81, GetValueCount, (OrtValue value, size_t *out), (value, out))                                                                  \
    S(103, CastTypeInfoToMapTypeInfo, (OrtTypeInfo info, OrtMapInfo * out), (info, out))                                               \
    S(104, CastTypeInfoToSequenceTypeInfo, (OrtTypeInfo info, OrtSequenceInfo * out), (info, out))                                     \
    S(105, GetMapKeyType, (OrtMapInfo info, int *out), (info, out))                                                                    \
    S(107, GetSequenceElementType, (OrtSequenceInfo info, OrtTypeInfo * out), (info, out))                                             \
    S(130, AddSessionConfigEntry, (OrtSessionOptions options, const char *key, const char *value), (options, key, value))              \
    R(92, ReleaseEnv, (OrtEnv value), (value))                                                                                         \
    R(93, ReleaseStatus, (OrtStatus value), (value))                                                                                   \
    R(94, ReleaseMemoryInfo, (OrtMemoryInfo value), (value))                                                                           \
    R(95, ReleaseSession, (OrtSession value), (value))                                                                                 \
    R(96, ReleaseValue, (OrtValue value), (value))                                                                                     \
    R(98, ReleaseTypeInfo, (OrtTypeInfo value), (value))                                                                               \
    R(99, ReleaseTensorTypeAndShapeInfo, (OrtTensorInfo value), (value))                                                               \
    R(100, ReleaseSessionOptions, (OrtSessionOptions value), (value))

// Each becomes `ort_<name>`, inlined into its caller.
#define JIDOKA_ORT_STATUS(slot, name, parameters, arguments)                  \
    static inline OrtStatus ort_##name parameters {                           \
        typedef OrtStatus(*function) parameters;                              \
        return ((function)jidoka_ort_slot(slot))arguments;                    \
    }
#define JIDOKA_ORT_RELEASE(slot, name, parameters, arguments)                 \
    static inline void ort_##name parameters {                                \
        typedef void(*function) parameters;                                   \
        ((function)jidoka_ort_slot(slot))arguments;                           \
    }
JIDOKA_ORT_FUNCTIONS(JIDOKA_ORT_STATUS, JIDOKA_ORT_RELEASE)
#undef JIDOKA_ORT_STATUS
#undef JIDOKA_ORT_RELEASE

static inline int ort_GetErrorCode(OrtStatus status) { return ((int (*)(OrtStatus))jidoka_ort_slot(1))(status); }
static inline const char *ort_GetErrorMessage(OrtStatus status) { return ((const char *(*)(OrtStatus))jidoka_ort_slot(2))(status); }
