#ifndef LATCHKEY_TESTS_CLIENT_FAKE_SERVER_H_
#define LATCHKEY_TESTS_CLIENT_FAKE_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/unary_calls.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/server.h"
#include "server/base/mutex.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::testing {

// One call as the server got it.
struct FakeCall {
  std::string method;  // such as "GetApp"
  std::multimap<std::string, std::string> metadata;
  std::string request;  // serialized

  // Returns the one value of a metadata key; empty if there is none.
  std::string header(const std::string& key) const {
    const auto found = metadata.find(key);
    return found == metadata.end() ? "" : found->second;
  }
  template <typename Request>
  Request As() const {
    Request message;
    message.ParseFromString(request);
    return message;
  }
};

// Returns an error of `code` as the contract has it: one ErrorInfo, and `details`.
absl::Status MakeWireError(absl::StatusCode code, absl::string_view reason,
                           absl::string_view message,
                           const std::map<std::string, std::string>& metadata = {},
                           const std::vector<const google::protobuf::Message*>& details = {});

// A gRPC server on a unix socket that answers unary calls by the handlers that a test gives it, and
// keeps what it was asked. A method without a handler is UNIMPLEMENTED. Thread-safe.
class FakeServer final : private grpc::CallbackGenericService {
 public:
  // Listens at `socket`, or at one of its own. `services` answer their own methods, and must
  // outlive the server.
  explicit FakeServer(std::vector<grpc::Service*> services = {}, std::string socket = "");
  // Breaks every connection.
  ~FakeServer() override;
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  std::string target() const { return "unix:" + socket_; }

  // Answers the RPC that takes `Request`. A handler may run on several threads at once.
  template <typename Request>
  void On(std::function<absl::Status(const Request&, ResponseOf<Request>&)> handler) {
    SetHandler(MethodName(Request::descriptor()->name()),
               [handler](const std::string& bytes, std::string& answer) {
                 Request request;
                 request.ParseFromString(bytes);
                 ResponseOf<Request> response;
                 absl::Status status = handler(request, response);
                 answer = response.SerializeAsString();
                 return status;
               });
  }
  // Answers it always with `response`.
  template <typename Request>
  void Answer(const ResponseOf<Request>& response) {
    On<Request>([response](const Request&, ResponseOf<Request>& out) {
      out = response;
      return absl::OkStatus();
    });
  }
  // Answers it always with an error.
  template <typename Request>
  void Fail(const absl::Status& status) {
    On<Request>([status](const Request&, ResponseOf<Request>&) { return status; });
  }

  // Returns the calls so far, in the order in which they came.
  std::vector<FakeCall> calls() const;
  // Returns the last call of the RPC that takes `Request`; a default one if there was none.
  template <typename Request>
  Request Last() const {
    Request last;
    for (const FakeCall& call : calls()) {
      if (call.method == MethodName(Request::descriptor()->name())) last = call.As<Request>();
    }
    return last;
  }

 private:
  using Handler = std::function<absl::Status(const std::string&, std::string&)>;
  class Reactor;

  static std::string MethodName(const std::string& request_name);
  void SetHandler(const std::string& method, Handler handler);
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  const TempDir dir_;
  const std::string socket_;
  mutable Mutex mu_;
  std::map<std::string, Handler> handlers_ ABSL_GUARDED_BY(mu_);
  std::vector<FakeCall> calls_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Server> server_;  // constant after construction
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_CLIENT_FAKE_SERVER_H_
