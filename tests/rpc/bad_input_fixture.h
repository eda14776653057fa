#ifndef LATCHKEY_TESTS_RPC_BAD_INPUT_FIXTURE_H_
#define LATCHKEY_TESTS_RPC_BAD_INPUT_FIXTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/status.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {

// Who calls: a member, by name, or the operator.
inline constexpr char kOwner[] = "workspaces/acme/members/ann";
inline constexpr char kOperator[] = "";

// A server with two tenants, acme and other, and calls to it whose requests are text: ann owns the
// one, bob the other. Each has an app and a bot with a token.
class BadInputFixture : public ServerTest {
 protected:
  void SetUp() override;

  // Makes an app as `maker`, a member of its home workspace; `more` are further fields of it.
  void MakeApp(const std::string& maker, const std::string& id, const std::string& kind,
               const std::string& more = "") const;

  // Calls "Service/Method" with a request in text, on behalf of a member or as the operator.
  grpc::Status CallAs(const std::string& caller, const std::string& path,
                      const std::string& request,
                      google::protobuf::Message* response = nullptr) const;
  // The same, for a response of which the test needs the fields.
  template <typename Response>
  Response Make(const std::string& caller, const std::string& path,
                const std::string& request) const {
    Response response;
    const grpc::Status status = CallAs(caller, path, request, &response);
    EXPECT_TRUE(status.ok()) << path << ": " << status.error_message();
    return response;
  }
  // Sends bytes as the request. Of a stream it takes the first response, and cancels the rest.
  grpc::Status Send(const std::string& caller, const std::string& path, const std::string& bytes,
                    google::protobuf::Message* response = nullptr) const;

  // Returns the request of "Service/Method" that `text` is, its {words} replaced.
  std::unique_ptr<google::protobuf::Message> Parse(const std::string& path,
                                                   const std::string& text) const;
  static const google::protobuf::MethodDescriptor* FindMethod(const std::string& path);

  std::uint64_t newest() const { return (*authority_).events().newest(); }

  // What is wrong with a request, by field.
  static std::map<std::string, std::string> ViolationsOf(const grpc::Status& status);

  std::string delegate_;
  // What stands for {words} of requests.
  std::map<std::string, std::string> words_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  // Issues a token of a bot as `maker`, and keeps it as the words "{<word>token}",
  // "{<word>secret}".
  void Issue(const std::string& maker, const std::string& app, const std::string& word);
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_INPUT_FIXTURE_H_
