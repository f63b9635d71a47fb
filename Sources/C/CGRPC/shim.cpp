#include "CGRPC.h"

#include <atomic>
#include <chrono>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>

struct jidoka_rpc_message {
    grpc::Slice slice;
};

struct jidoka_rpc_call final : grpc::ServerGenericBidiReactor {
    const jidoka_rpc_settings &settings;
    grpc::GenericCallbackServerContext *context;
    void *user = nullptr;
    grpc::ByteBuffer in, out;

    jidoka_rpc_call(const jidoka_rpc_settings &settings, grpc::GenericCallbackServerContext *context)
        : settings(settings), context(context) {}

    void OnReadDone(bool ok) override {
        if (!ok) return settings.received(user, nullptr);
        auto *message = new jidoka_rpc_message;
        bool whole = in.TrySingleSlice(&message->slice).ok() || in.DumpToSingleSlice(&message->slice).ok();
        in.Clear();
        if (!whole) {
            delete message;
            return settings.received(user, nullptr);
        }
        settings.received(user, message);
    }
    void OnWriteDone(bool ok) override { settings.written(user, ok); }
    void OnCancel() override { settings.cancelled(user); }
    void OnDone() override {
        settings.closed(user);
        delete this;
    }
};

struct jidoka_rpc_server final : grpc::CallbackGenericService {
    jidoka_rpc_settings settings;
    std::unique_ptr<grpc::Server> server;

    explicit jidoka_rpc_server(const jidoka_rpc_settings &settings) : settings(settings) {}

    grpc::ServerGenericBidiReactor *CreateReactor(grpc::GenericCallbackServerContext *context) override {
        auto *call = new jidoka_rpc_call(settings, context);
        call->user = settings.opened(settings.context, call);
        return call;
    }
};

static grpc::ByteBuffer buffer(const uint8_t *bytes, size_t count, void *owner, void (*release)(void *)) {
    grpc::Slice slice(const_cast<uint8_t *>(bytes), count, release, owner);
    return grpc::ByteBuffer(&slice, 1);
}

static std::atomic<void (*)(int, const char *)> logger{nullptr};

extern "C" void jidoka_rpc_log(void (*log)(int severity, const char *message)) {
    logger = log;
    gpr_set_log_function([](gpr_log_func_args *args) {
        if (auto log = logger.load()) log(args->severity, args->message);
    });
}

extern "C" jidoka_rpc_server *jidoka_rpc_start(const jidoka_rpc_settings *settings, int *port) {
    auto server = std::make_unique<jidoka_rpc_server>(*settings);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(settings->address, grpc::InsecureServerCredentials(), port);
    builder.SetMaxReceiveMessageSize(settings->messageMax);
    builder.SetMaxSendMessageSize(settings->messageMax);
    // Two servers on one port would each get a part of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // Clients that ping often to keep idle connections are served, not sent away.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.RegisterCallbackGenericService(server.get());
    server->server = builder.BuildAndStart();
    return server->server && *port > 0 ? server.release() : nullptr;
}

extern "C" void jidoka_rpc_stop(jidoka_rpc_server *server, int64_t graceMilliseconds) {
    server->server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(graceMilliseconds));
    server->server->Wait();
    delete server;
}

extern "C" const char *jidoka_rpc_method(const jidoka_rpc_call *call, size_t *count) {
    *count = call->context->method().size();
    return call->context->method().data();
}

extern "C" const char *jidoka_rpc_metadata(const jidoka_rpc_call *call, const char *name, size_t *count) {
    const auto &all = call->context->client_metadata();
    auto found = all.find(name);
    if (found == all.end()) return nullptr;
    *count = found->second.size();
    return found->second.data();
}

extern "C" int64_t jidoka_rpc_time_left(const jidoka_rpc_call *call) {
    auto deadline = call->context->deadline();
    if (deadline == std::chrono::system_clock::time_point::max()) return -1;
    auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline - std::chrono::system_clock::now()).count();
    return left < 0 ? 0 : left;
}

extern "C" void jidoka_rpc_read(jidoka_rpc_call *call) { call->StartRead(&call->in); }

extern "C" void jidoka_rpc_write(
    jidoka_rpc_call *call, const uint8_t *bytes, size_t count, void *owner, void (*release)(void *)) {
    call->out = buffer(bytes, count, owner, release);
    call->StartWrite(&call->out);
}

extern "C" void jidoka_rpc_answer(
    jidoka_rpc_call *call, const uint8_t *bytes, size_t count, void *owner, void (*release)(void *)) {
    call->out = buffer(bytes, count, owner, release);
    call->StartWriteAndFinish(&call->out, grpc::WriteOptions(), grpc::Status::OK);
}

extern "C" void jidoka_rpc_finish(jidoka_rpc_call *call, int code, const char *message, size_t count) {
    call->Finish(grpc::Status(grpc::StatusCode(code), std::string(message, count)));
}

extern "C" const uint8_t *jidoka_rpc_bytes(const jidoka_rpc_message *message, size_t *count) {
    *count = message->slice.size();
    return message->slice.begin();
}

extern "C" void jidoka_rpc_free(jidoka_rpc_message *message) { delete message; }
