#ifndef LATCHKEY_SERVER_AUTHORITY_COMMON_H_
#define LATCHKEY_SERVER_AUTHORITY_COMMON_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/mutation.h"
#include "server/authority/tokens.h"
#include "server/authority/validate.h"

namespace latchkey {

// What several handlers share.

// The forms of names.
inline constexpr char kWorkspaceForm[] = "workspaces/{id}";
inline constexpr char kMemberForm[] = "workspaces/{id}/members/{id}";
inline constexpr char kAppForm[] = "apps/{id}";
inline constexpr char kTokenForm[] = "workspaces/{id}/tokens/{id} or services/{id}/tokens/{id}";

// ABORTED where `expected` is neither 0 nor `actual`.
absl::Status CheckRevision(absl::string_view name, std::uint64_t expected, std::uint64_t actual);

// Adds violations where `mask` is empty or holds a path that is not `known`.
void CheckMask(const google::protobuf::FieldMask& mask,
               std::initializer_list<absl::string_view> known, Validator& validator);

// Leaves an approval request for what Authorize() said needs one, or finds the one that is pending,
// and returns the NEEDS_APPROVAL error that names it. The mutation keeps what this writes.
absl::Status LeaveRequest(Mutation& m, const FactSheet& sheet, v1::TokenKind token_kind,
                          const Strings& scopes, absl::string_view reason);

// Ends the request of this name if it is pending and its time is over, as the service itself.
absl::Status ExpireRequest(Mutation& m, absl::string_view name);

// Ends a one-time grant that a call used.
absl::Status SpendGrant(Mutation& m, const FactSheet& sheet);

// Fills and writes the record of a new member, for CreateMember and for CreateWorkspace's primary
// owner. Returns its revision.
std::uint64_t WriteNewMember(Mutation& m, absl::string_view workspace, absl::string_view id,
                             const v1::Member& wanted, v1::Role role,
                             storage::v1::MemberRecord& record);

// PLAN_LIMIT where a workspace is the home of as many living apps as its plan takes.
absl::Status CheckRoomForApp(const storage::v1::WorkspaceRecord& record);
// Returns how many consumers have a filter that names the workspace.
absl::StatusOr<std::uint64_t> CountConsumers(const storage::Reader& reader,
                                             absl::string_view workspace);
// Appends what the workspace, with so many consumers, has beyond its plan, which a change to a
// smaller plan leaves.
void AppendPlanExcesses(const storage::v1::WorkspaceRecord& record, std::uint64_t consumers,
                        google::protobuf::RepeatedPtrField<v1::PlanExcess>& excesses);

// PLAN_LIMIT where as many consumers name a workspace as its plan takes.
absl::Status CheckRoomForConsumer(const storage::Reader& reader, const v1::Workspace& workspace);

// Returns the record of an app in `workspace` that was never installed there.
storage::v1::InstallationRecord NewInstallation(absl::string_view workspace, absl::string_view app);

// Makes `installation` one that was approved, as the request says.
void SetApproved(const v1::ApproveAppRequest& request, const v1::App& app,
                 v1::Installation& installation);

// Returns the record of the sheet's installation, or a fresh one of its app in `workspace`.
storage::v1::InstallationRecord InstallationOrNew(const FactSheet& sheet,
                                                  absl::string_view workspace,
                                                  absl::string_view app);

inline constexpr absl::Duration kMinAccessTokenLife = absl::Minutes(5);
inline constexpr absl::Duration kMaxAccessTokenLife = absl::Hours(24);

// Adds violations where settings are not of the form.
void CheckSettings(const v1::WorkspaceSettings& settings, Validator& validator);

// FAILED_PRECONDITION (PLAN_LIMIT): the plan of `workspace` does not take its settings. What was
// outside of the plan in `before` already may stay, or come nearer.
absl::Status CheckSettingsFit(const v1::Workspace& workspace, const v1::WorkspaceSettings& before);
// The same of the grace of a regeneration.
absl::Status CheckGraceFits(const v1::Workspace& workspace, absl::Duration grace);

// How long the access token of a rotating pair lives in a workspace with these settings.
absl::Duration AccessTokenLife(const v1::WorkspaceSettings& settings);

// A new token and, where its app's tokens rotate, the REFRESH token of its pair.
struct IssuedPair {
  v1::IssuedToken token;
  std::optional<v1::IssuedToken> refresh;
};

// Writes a new token of the sheet's app, or of none, as WriteNewToken() does, with the REFRESH
// token that it may come with.
absl::StatusOr<IssuedPair> WriteNewTokens(Mutation& m, const FactSheet& sheet,
                                          storage::v1::TokenRecord record);

// Makes a secret for `record`, points its hash at it, and puts the hash into it. Returns the
// secret.
std::string BindNewSecret(Mutation& m, storage::v1::TokenRecord& record);

// Lets the verifier read the live secrets of `record` again.
void ForgetSecrets(Mutation& m, const storage::v1::TokenRecord& record);

// Makes a secret for `record`, whose token is complete, and writes token, indexes and event.
// Returns the token with its secret; `revision` is that of the event.
absl::StatusOr<v1::IssuedToken> WriteNewToken(Mutation& m, storage::v1::TokenRecord record);

// Replaces the secret of `before`, and writes the record as `after` with its event. The old secret
// stays good for `grace`.
absl::StatusOr<v1::IssuedToken> WriteNewSecret(Mutation& m, const storage::v1::TokenRecord& before,
                                               storage::v1::TokenRecord after,
                                               absl::Duration grace);

// Ends the secret before the one of `version`, which was used for the first time. Does nothing
// where that is no longer so.
absl::Status WriteFirstUse(Mutation& m, absl::string_view name, std::uint64_t version);

// Ends one token and writes its event; with a REFRESH token its access tokens. `action` is what
// ended it.
absl::StatusOr<v1::Token> WriteRevocation(Mutation& m, const storage::v1::TokenRecord& before,
                                          v1::Action action, absl::string_view reason);

// A token, and what is known of the secret that was presented for it. Nothing where there is none.
struct PresentedToken {
  storage::Found<storage::v1::TokenRecord> token;
  storage::v1::SecretRecord secret;
  std::string hash;
};

// Looks up whatever was a token's secret once, also one that was replaced.
absl::StatusOr<PresentedToken> LookUpSecret(const storage::Reader& reader,
                                            const MutationTools& tools,
                                            absl::string_view presented);

// Returns the token whose secret this is, dead or alive: its present one, or the one before while
// that is good too. Nullopt where there is none.
absl::StatusOr<storage::Found<storage::v1::TokenRecord>> FindTokenBySecret(
    const storage::Reader& reader, const MutationTools& tools, absl::string_view presented,
    absl::Time now);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_COMMON_H_
