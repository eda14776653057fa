#include "server/rpc/unknown_methods.h"

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/rpc/completion_tag.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {

// One call, which waits and then is answered at once. Deletes itself.
class UnknownMethods::Call final : public CompletionTag {
 public:
  explicit Call(UnknownMethods& methods) : methods_(methods) {
    methods_.service_.RequestCall(&context_, &stream_, &methods_.poller_.queue(),
                                  &methods_.poller_.queue(), this);
  }

  void Proceed(bool ok) override {
    if (!ok || finishing_) {
      CallPoller& poller = methods_.poller_;
      delete this;
      return poller.RemovePlace();
    }
    methods_.AskForCall();
    finishing_ = true;
    constexpr std::size_t kMaxShown = 256;
    const absl::string_view method =
        absl::StripPrefix(absl::string_view(context_.method()), "/").substr(0, kMaxShown);
    BeginWith([&] {
      stream_.Finish(methods_.frame_.statuses.ToGrpc(MethodNotOfferedError(method), method), this);
    });
  }

 private:
  UnknownMethods& methods_;
  bool finishing_ = false;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
};

void UnknownMethods::AskForCall() {
  poller_.AddPlace();
  new Call(*this);  // its tag is with gRPC
}

}  // namespace latchkey::rpc
