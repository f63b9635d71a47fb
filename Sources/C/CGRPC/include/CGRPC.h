#pragma once
#include <stddef.h>
#include <stdint.h>

/* A gRPC server with a C face: calls of any method, messages as bytes. One read and one write of a call may be under way at a time.
   Callbacks come on gRPC's own threads. */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct jidoka_rpc_server jidoka_rpc_server;
typedef struct jidoka_rpc_call jidoka_rpc_call;
typedef struct jidoka_rpc_message jidoka_rpc_message;

struct jidoka_rpc_settings {
    const char *address;
    /* Bytes of a message, in both directions. */
    int messageMax;
    void *context;
    /* A call came. The answer is given to the callbacks below; it lives until `closed`. */
    void *(*opened)(void *context, jidoka_rpc_call *call);
    /* A read ended: the message, which the receiver frees, or NULL when there is none any more. */
    void (*received)(void *user, jidoka_rpc_message *message);
    /* A write ended; 0: the client is gone. */
    void (*written)(void *user, int ok);
    /* The client left, or its deadline passed. */
    void (*cancelled)(void *user);
    /* After `finish` and everything else: the call is gone. */
    void (*closed)(void *user);
};

/* Where the library's own messages go, for all servers of the process; NULL: nowhere. Errors are messages of severity 2. */
void jidoka_rpc_log(void (*log)(int severity, const char *message));

/* NULL when the address cannot be listened on. */
jidoka_rpc_server *jidoka_rpc_start(const struct jidoka_rpc_settings *settings, int *port);
/* Takes no new calls, cancels those that still run after the grace, waits for all to close, and frees the server. Blocks. */
void jidoka_rpc_stop(jidoka_rpc_server *server, int64_t graceMilliseconds);

const char *jidoka_rpc_method(const jidoka_rpc_call *call, size_t *count);
/* The client's metadata; NULL when it sent none of that name. */
const char *jidoka_rpc_metadata(const jidoka_rpc_call *call, const char *name, size_t *count);
/* Microseconds until the call's deadline; negative when it has none. */
int64_t jidoka_rpc_time_left(const jidoka_rpc_call *call);

void jidoka_rpc_read(jidoka_rpc_call *call);
/* `bytes` are not copied: `release` is called with `owner` when they are needed no more. */
void jidoka_rpc_write(jidoka_rpc_call *call, const uint8_t *bytes, size_t count, void *owner, void (*release)(void *owner));
/* The last message and the status OK. Neither `write` nor `finish` may follow. */
void jidoka_rpc_answer(jidoka_rpc_call *call, const uint8_t *bytes, size_t count, void *owner, void (*release)(void *owner));
/* Ends the call; exactly one of `answer` and `finish` is called once, for cancelled calls too. */
void jidoka_rpc_finish(jidoka_rpc_call *call, int code, const char *message, size_t count);

const uint8_t *jidoka_rpc_bytes(const jidoka_rpc_message *message, size_t *count);
void jidoka_rpc_free(jidoka_rpc_message *message);

#ifdef __cplusplus
}
#endif
