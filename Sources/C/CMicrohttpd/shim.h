#pragma once
#include <microhttpd.h>
#include <sys/eventfd.h>

/* Variadic C cannot be called from Swift: one typed entry for each variadic call that the wrapper makes. */

typedef void *(*jidoka_mhd_target)(void *context, const char *target, struct MHD_Connection *connection);
typedef size_t (*jidoka_mhd_unescape)(void *context, struct MHD_Connection *connection, char *text);

struct jidoka_mhd_settings {
    int listenSocket;
    unsigned int threads;
    size_t connectionMemory;
    unsigned int connectionsMax;
    unsigned int idleSeconds;
    void *context;
    MHD_AccessHandlerCallback access;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
    jidoka_mhd_target target;
    jidoka_mhd_unescape unescape;
    MHD_LogCallback log;
};

/* Poll mode: the epoll mode of 0.9.75 was seen to stall with 256 accepted connections. */
static inline struct MHD_Daemon *jidoka_mhd_start(const struct jidoka_mhd_settings *s) {
    unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, s->listenSocket, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)s->connectionMemory, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)s->connectionsMax, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)s->idleSeconds, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {s->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)s->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, s->access, s->context,
                            MHD_OPTION_EXTERNAL_LOGGER, s->log, s->context,
                            MHD_OPTION_NOTIFY_COMPLETED, s->completed, s->context,
                            MHD_OPTION_NOTIFY_CONNECTION, s->connection, s->context,
                            MHD_OPTION_URI_LOG_CALLBACK, s->target, s->context,
                            MHD_OPTION_UNESCAPE_CALLBACK, s->unescape, s->context,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

static inline int jidoka_mhd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *jidoka_mhd_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Of Linux, and not in Swift's Glibc module. */
static inline int jidoka_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
enum { jidoka_peer_closed = 0x2000 /* POLLRDHUP */ };
