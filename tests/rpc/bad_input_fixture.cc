#include "tests/rpc/bad_input_fixture.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/names.h"

namespace latchkey::testing {
namespace {

using google::protobuf::Message;

// Waits for the one operation of `queue`, and returns whether it went well.
bool Wait(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return ok;
}

}  // namespace

void BadInputFixture::SetUp() {
  StartServer();
  channel_ = NewChannel();
  MakeWorkspace("acme");
  MakeWorkspace("other");
  MakeMember("acme", "ann", v1::ROLE_OWNER);
  MakeMember("acme", "max", v1::ROLE_MEMBER);
  MakeMember("other", "bob", v1::ROLE_OWNER);
  const grpc::Status made =
      CallAs(kOperator, "DirectoryService/CreateOrganization",
             "organization_id: 'theirs' organization { owners: 'workspaces/other/members/bob' }");
  ASSERT_TRUE(made.ok()) << made.error_message();
  MakeService("front", v1::SERVICE_ROLE_DELEGATE);
  delegate_ = IssueServiceToken("front");
  const std::string bob = "workspaces/other/members/bob";
  MakeApp(kOwner, "tool", "INTERNAL");
  MakeApp(kOwner, "bot", "CUSTOM_INTEGRATION");
  MakeApp(bob, "theirs", "INTERNAL");
  MakeApp(bob, "their-bot", "CUSTOM_INTEGRATION");
  Issue(kOwner, "apps/bot", "");
  Issue(bob, "apps/their-bot", "their_");
}

void BadInputFixture::MakeApp(const std::string& maker, const std::string& id,
                              const std::string& kind, const std::string& more) const {
  const grpc::Status made =
      CallAs(maker, "AppService/CreateApp",
             absl::StrCat("app_id: '", id, "' app { home_workspace: '",
                          WorkspaceName(WorkspaceIdOf(maker)), "' kind: APP_KIND_", kind,
                          " bot_scopes: 'chat:write' ", more, " }"));
  ASSERT_TRUE(made.ok()) << made.error_message();
}

void BadInputFixture::Issue(const std::string& maker, const std::string& app,
                            const std::string& word) {
  const auto issued = Make<v1::IssueTokenResponse>(
      maker, "TokenService/IssueToken",
      absl::StrCat("parent: '", WorkspaceName(WorkspaceIdOf(maker)),
                   "' kind: TOKEN_KIND_CUSTOM_BOT app: '", app, "' label: 'ci'"));
  words_[absl::StrCat("{", word, "token}")] = issued.issued_token().token().name();
  words_[absl::StrCat("{", word, "secret}")] = issued.issued_token().secret();
}

const google::protobuf::MethodDescriptor* BadInputFixture::FindMethod(const std::string& path) {
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrCat("latchkey.v1.", absl::StrReplaceAll(path, {{"/", "."}})));
}

std::unique_ptr<Message> BadInputFixture::Parse(const std::string& path,
                                                const std::string& text) const {
  const auto* const method = FindMethod(path);
  if (method == nullptr) {
    ADD_FAILURE() << "no method " << path;
    return nullptr;
  }
  std::unique_ptr<Message> message(google::protobuf::MessageFactory::generated_factory()
                                       ->GetPrototype(method->input_type())
                                       ->New());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(absl::StrReplaceAll(text, words_),
                                                            message.get()))
      << path << ": " << text;
  return message;
}

grpc::Status BadInputFixture::CallAs(const std::string& caller, const std::string& path,
                                     const std::string& request, Message* response) const {
  const std::unique_ptr<Message> message = Parse(path, request);
  if (message == nullptr) return {};
  return Send(caller, path, message->SerializeAsString(), response);
}

grpc::Status BadInputFixture::Send(const std::string& caller, const std::string& path,
                                   const std::string& bytes, Message* response) const {
  const auto context = caller.empty() ? AsOperator() : As(delegate_);
  if (!caller.empty()) context->AddMetadata("latchkey-on-behalf-of", caller);
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(context.get(), absl::StrCat("/latchkey.v1.", path), &queue);
  call->StartCall(nullptr);
  Wait(queue);
  const grpc::Slice slice(bytes);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  Wait(queue);
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  const bool answered = Wait(queue);
  const auto* const method = FindMethod(path);
  const bool streams = method != nullptr && method->server_streaming();
  if (answered && streams) context->TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  Wait(queue);
  queue.Shutdown();
  if (answered && streams) return {};
  if (status.ok() && response != nullptr) {
    grpc::ProtoBufferReader reader(&answer);
    EXPECT_TRUE(response->ParseFromZeroCopyStream(&reader));
  }
  return status;
}

std::map<std::string, std::string> BadInputFixture::ViolationsOf(const grpc::Status& status) {
  std::map<std::string, std::string> violations;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    google::rpc::BadRequest bad;
    if (!any.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      violations.emplace(violation.field(), violation.description());
      EXPECT_FALSE(violation.description().empty());
    }
  }
  return violations;
}

}  // namespace latchkey::testing
