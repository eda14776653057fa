#include "tools/latchkey/session.h"

#include "client/request_id.h"
#include "google/protobuf/descriptor.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {

absl::StatusOr<Client*> Session::client() {
  if (client_ == nullptr) {
    LATCHKEY_ASSIGN_OR_RETURN(ClientOptions options, MakeClientOptions(settings_, io_));
    LATCHKEY_ASSIGN_OR_RETURN(client_, Client::Create(std::move(options)));
  }
  return client_.get();
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
