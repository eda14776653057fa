#ifndef LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_
#define LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/server/recorded_calls.h"
#include "tests/server/shown_secrets.h"
#include "tests/server/test_authority.h"
#include "tests/server/witness.h"

namespace latchkey::testing {

// Makes random calls, of every kind and by all sorts of callers, about a few names that meet often,
// lets time pass between them, and remembers what came of each. Used by one thread; several may
// share an authority.
class RandomCaller {
 public:
  // Of an Acknowledge that succeeded.
  struct Acknowledged {
    std::string consumer;
    std::uint64_t revision = 0;
    std::uint64_t newest_before = 0;  // the log's end, before the call and after the answer
    std::uint64_t newest_after = 0;
  };

  // `secrets` are those that all callers show each other. `alone`: there is no other caller.
  RandomCaller(std::uint64_t seed, TestAuthority& authority, ShownSecrets& secrets, bool alone)
      : random_(static_cast<std::mt19937::result_type>(seed)),
        authority_(authority),
        secrets_(secrets),
        calls_(authority, secrets),
        witness_(authority, alone),
        begin_(authority.clock().Now()) {}

  void CallOnce();

  const std::vector<DoneCall>& done() const { return calls_.done(); }
  const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  const Witness& witness() const { return witness_; }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool Rarely() { return Below(10) == 0; }

  // Mostly the one of the call, so that who acts and what is acted on are often of the same one.
  std::string WorkspaceId() { return absl::StrCat("w", Rarely() ? Below(2) : here_); }
  // One of them acts and is acted on more often, and so gets further.
  std::string MemberId() { return absl::StrCat("m", Below(2) == 0 ? 0 : Below(4)); }
  std::string AppId() { return absl::StrCat("a", Below(12)); }
  std::string ServiceId() { return absl::StrCat("s", Below(2)); }
  std::string OrganizationId() { return absl::StrCat("o", Below(2)); }
  std::string ConsumerId() { return absl::StrCat("c", Below(4)); }
  std::string Organization() { return "organizations/" + OrganizationId(); }
  std::string Workspace() { return "workspaces/" + WorkspaceId(); }
  std::string Member() { return Workspace() + "/members/" + MemberId(); }
  std::string App() { return "apps/" + AppId(); }
  std::string Consumer() { return "consumers/" + ConsumerId(); }
  // Mostly one of the last, which are more often alive.
  std::optional<ShownSecret> Secret();
  std::string Token();
  std::string PendingRequest();
  std::string RunningBulk();
  // The app as it is now; empty where there is none.
  v1::App ShownApp(const std::string& name);
  std::string Uuid();
  Caller AnyCaller();
  // Who is more likely than others to have the right to it: of an app its creator, of a token its
  // member, or its app's creator.
  Caller OwnerOf(const v1::App& app);
  Caller OwnerOfToken(const std::string& token);

  google::protobuf::Timestamp InSomeTime();

  // Mostly as long as between two calls; now and then so long that what waits falls due.
  void PassTime();

  void CallDirectory();
  void UpdateWorkspace();
  void CallOrganizations();
  void CallMembers();
  void CallApps();
  void UpdateApp();
  void CallInstallations();
  void CallApprovals();
  void CallTokens();
  void IssueToken();
  void RegenerateToken();
  void RotateToken();
  void RevokePresented();
  void CallBulk();
  void CallConsumers();
  void CreateConsumer(const Caller& caller);
  void Acknowledge(const Caller& caller);

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Request& request) {
    return CallAs(AnyCaller(), request);
  }
  // `presented` are the secrets in `request`.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> CallAs(const Caller& caller, Request request,
                                             const std::vector<ShownSecret>& presented = {}) {
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(Uuid());
    return calls_.Call(caller, request, presented, /*repeats=*/Rarely());
  }

  std::mt19937 random_;
  TestAuthority& authority_;
  ShownSecrets& secrets_;
  RecordedCalls calls_;
  Witness witness_;
  const absl::Time begin_;
  int here_ = 0;
  std::vector<Acknowledged> acknowledged_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_RANDOM_CALLER_H_
