#include "tools/latchkey/session.h"

#include "client/request_id.h"
#include "google/protobuf/descriptor.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {

absl::StatusOr<Client*> Session::client() {
  if (client_ == nullptr) {
    LATCHKEY_ASSIGN_OR_RETURN(ClientOptions options, MakeClientOptions(settings_, io_));
    auto client = Client::Create(std::move(options));
    // Nothing was asked of a server yet: whatever it is, the command line or the context is wrong.
    if (!client.ok()) return absl::InvalidArgumentError(client.status().message());
    client_ = *std::move(client);
  }
  return client_.get();
}

absl::Status Session::Reach() {
  if (reached_) return absl::OkStatus();
  if (!client_->Connect()) {
    // A call that changes nothing says why, and is tried again as any is.
    const absl::Status status = client_->Call(v1::GetStatusRequest()).status();
    if (IsWithoutAnswer(status)) return status;
  }
  reached_ = true;
  return absl::OkStatus();
}

const std::string& Session::NextRequestId() {
  sent_request_id_ = request_id_.empty() ? NewRequestId(client_->entropy()) : request_id_;
  return sent_request_id_;
}

std::size_t CountItems(const google::protobuf::Message& page) {
  const google::protobuf::FieldDescriptor* field = ItemsField(page);
  return field == nullptr ? 0
                          : static_cast<std::size_t>(page.GetReflection()->FieldSize(page, field));
}

}  // namespace latchkey::cli
