// Tokens: their secrets, their pairs, and their ends.
#include <algorithm>

#include "tests/server/random_caller.h"

namespace latchkey::testing {
namespace {

v1::TokenKind IssuableKindOf(v1::AppKind app) {
  switch (app) {
    case v1::APP_KIND_CUSTOM_INTEGRATION:
      return v1::TOKEN_KIND_CUSTOM_BOT;
    case v1::APP_KIND_LEGACY_BOT:
      return v1::TOKEN_KIND_LEGACY_BOT;
    default:
      return v1::TOKEN_KIND_APP;
  }
}

}  // namespace

void RandomCaller::CallTokens() {
  switch (Below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return IssueToken();
    case 4:
    case 5:
    case 6:
    case 7:
      return RegenerateToken();
    case 8:
    case 9:
      return RotateToken();
    case 10: {
      v1::RevokeTokenRequest request;
      request.set_name(Token());
      Call(request).IgnoreError();
      return;
    }
    default:
      return RevokePresented();
  }
}

void RandomCaller::IssueToken() {
  v1::IssueTokenRequest request;
  if (Below(3) == 0) *request.mutable_expire_time() = InSomeTime();
  if (Below(2) == 0) {
    // What an app has.
    const v1::App app = ShownApp(App());
    request.set_parent(app.home_workspace());
    request.set_app(app.name());
    request.set_kind(IssuableKindOf(app.kind()));
    CallAs(OwnerOf(app), request).IgnoreError();
    return;
  }
  const auto kind = Below(3) == 0 ? v1::TOKEN_KIND_TEST : static_cast<v1::TokenKind>(1 + Below(8));
  const bool of_service = kind == v1::TOKEN_KIND_SERVICE;
  request.set_kind(kind);
  request.set_parent(of_service ? "services/" + ServiceId() : Workspace());
  if (!of_service && kind != v1::TOKEN_KIND_TEST) request.set_app(App());
  if (kind == v1::TOKEN_KIND_TEST) request.add_scopes(absl::StrCat("scope:", Below(4)));
  CallAs(of_service ? TestAuthority::Operator() : AnyCaller(), request).IgnoreError();
}

void RandomCaller::RegenerateToken() {
  v1::RegenerateTokenRequest request;
  request.set_name(Token());
  const auto secret = Secret();
  // Mostly not one of a pair, which is rotated.
  if (secret.has_value() && secret->kind != v1::TOKEN_KIND_REFRESH) request.set_name(secret->token);
  constexpr std::int64_t kGraces[] = {0, 0, 60, 3600, 86400};
  request.mutable_grace()->set_seconds(kGraces[Below(5)]);
  if (Below(4) == 0) {
    request.mutable_token()->add_scopes("chat:write");
    request.mutable_token()->set_label(absl::StrCat("label ", Below(3)));
    if (Below(2) == 0) *request.mutable_token()->mutable_expire_time() = InSomeTime();
    constexpr const char* kPaths[] = {"scopes", "label", "expire_time"};
    request.mutable_update_mask()->add_paths(kPaths[Below(3)]);
  }
  CallAs(OwnerOfToken(request.name()), request).IgnoreError();
}

void RandomCaller::RotateToken() {
  const std::vector<ShownSecret> last = secrets_.LastRefresh(10);
  if (last.empty()) return;
  ShownSecret presented = last[static_cast<std::size_t>(Below(static_cast<int>(last.size())))];
  // Mostly by who has the present secret of the pair, and else one that may be spent.
  if (Below(5) != 0) {
    presented = *std::find_if(last.begin(), last.end(), [&](const ShownSecret& shown) {
      return shown.token == presented.token;
    });
  }
  v1::RotateTokenRequest request;
  request.set_refresh_secret(presented.secret);
  CallAs(Below(2) == 0 ? Caller() : AnyCaller(), request, {presented}).IgnoreError();
}

void RandomCaller::RevokePresented() {
  v1::RevokeTokenRequest request;
  // It uses no request id, so this tells its events.
  request.set_reason("leaked, " + Uuid());
  std::vector<ShownSecret> presented;
  const bool single = Below(2) == 0;
  for (int left = single ? 1 : 1 + Below(4); left > 0; --left) {
    if (const auto secret = Secret(); secret.has_value()) presented.push_back(*secret);
  }
  if (presented.empty()) return;
  if (single) {
    request.set_secret(presented.front().secret);
  } else {
    for (const ShownSecret& shown : presented) {
      request.mutable_secrets()->add_secrets(shown.secret);
      if (Rarely()) request.mutable_secrets()->add_secrets("no secret at all");
    }
  }
  CallAs(Below(2) == 0 ? Caller() : AnyCaller(), request, presented).IgnoreError();
  for (const ShownSecret& shown : presented) witness_.Present(shown);
}

google::protobuf::Timestamp RandomCaller::InSomeTime() {
  google::protobuf::Timestamp time;
  const absl::Duration in = absl::Minutes(1 + Below(Below(3) == 0 ? 40 * 24 * 60 : 24 * 60));
  time.set_seconds(absl::ToUnixSeconds(authority_.clock().Now() + in));
  return time;
}

void RandomCaller::CallBulk() {
  if (Below(4) == 0) {
    v1::CancelBulkRevocationRequest request;
    request.set_name(RunningBulk());
    Call(request).IgnoreError();
    return;
  }
  v1::BulkRevokeTokensRequest request;
  request.set_parent(Workspace());
  if (Below(3) != 0) request.set_app(App());
  if (Below(3) == 0) request.set_member(absl::StrCat(request.parent(), "/members/", MemberId()));
  if (Below(2) == 0) request.set_kind(static_cast<v1::TokenKind>(Below(9)));
  request.set_all(request.app().empty() && request.member().empty() &&
                  request.kind() == v1::TOKEN_KIND_UNSPECIFIED);
  const Caller caller = Below(2) == 0 ? TestAuthority::Operator() : AnyCaller();
  const auto preview = authority_->PreviewBulkRevoke(caller, request);
  if (preview.ok()) request.set_confirmation(preview->confirmation());
  const auto started = CallAs(caller, request);
  if (!started.ok() || !started->has_bulk_revocation() || Below(3) != 0) return;
  v1::CancelBulkRevocationRequest cancel;
  cancel.set_name(started->bulk_revocation().name());
  CallAs(caller, cancel).IgnoreError();
}

}  // namespace latchkey::testing
