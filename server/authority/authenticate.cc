#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

// A peer without its port, so that one client is one key: "ipv4:10.0.0.1".
absl::string_view HostOf(absl::string_view peer) {
  const std::size_t colon = peer.rfind(':');
  const bool has_port =
      colon != absl::string_view::npos && colon != peer.find(':') && peer.substr(0, 5) != "unix:";
  return has_port ? peer.substr(0, colon) : peer;
}

absl::Status BadCredentials() {
  return UnauthenticatedError(
      "The credentials of this call are not good: present a live SERVICE, TEST or operator secret "
      "as `authorization: Bearer <secret>`, or a client certificate of a registered service.");
}

}  // namespace

void Authority::CountFailedAuthentication(absl::string_view peer) {
  failed_authentications_.Admit(HostOf(peer), options_.clock.Now());
}

absl::StatusOr<Caller> Authority::OnBehalfOf(Caller caller, absl::string_view on_behalf_of) const {
  if (on_behalf_of.empty()) return caller;
  if (caller.kind != policy::CallerKind::kService) {
    return InvalidFieldError("latchkey-on-behalf-of",
                             "is taken from a service with the role DELEGATE only; drop it");
  }
  if (!ParseMember(on_behalf_of).has_value()) {
    return InvalidNameError("latchkey-on-behalf-of", on_behalf_of, "workspaces/{id}/members/{id}");
  }
  if (!caller.roles.Has(policy::ServiceRoles::kDelegate)) {
    caller.roles = {};
    caller.undelegated = std::string(on_behalf_of);
    return caller;
  }
  caller.delegate = std::move(caller.principal);
  caller.principal = std::string(on_behalf_of);
  caller.kind = policy::CallerKind::kMember;
  return caller;
}

absl::StatusOr<Caller> Authority::Authenticate(absl::string_view bearer,
                                               absl::string_view on_behalf_of,
                                               absl::string_view peer) {
  Caller caller;
  if (options_.keyring.IsOperatorSecret(bearer)) {
    caller.kind = policy::CallerKind::kOperator;
    caller.principal = kOperatorPrincipal;
    return OnBehalfOf(std::move(caller), on_behalf_of);
  }
  LATCHKEY_ASSIGN_OR_RETURN(const Verifier::Verdict verdict, verifier_->Check(bearer));
  if (!verdict.active() || verdict.token->calling == nullptr) {
    CountFailedAuthentication(peer);
    return BadCredentials();
  }
  const CachedToken& token = *verdict.token;
  caller.kind = token.kind == v1::TOKEN_KIND_SERVICE ? policy::CallerKind::kService
                                                     : policy::CallerKind::kMember;
  caller.principal = token.calling->principal;
  caller.token = token.calling->name;
  caller.roles = token.calling->roles;
  return OnBehalfOf(std::move(caller), on_behalf_of);
}

absl::StatusOr<Caller> Authority::AuthenticateCertificate(const std::vector<std::string>& uri_sans,
                                                          absl::string_view on_behalf_of,
                                                          absl::string_view peer) {
  const storage::View view = NewView();
  std::string service;
  bool ambiguous = false;
  for (const std::string& uri : uri_sans) {
    if (uri.empty() || uri.size() > 512) continue;
    LATCHKEY_ASSIGN_OR_RETURN(const auto named, view.Get(storage::UriSanKey(uri)));
    if (!named.has_value()) continue;
    ambiguous = ambiguous || (!service.empty() && service != named->name());
    service = named->name();
  }
  // A certificate of several services proves none of them.
  if (!service.empty() && !ambiguous) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto record, view.Get(storage::ServiceKey(LastId(service))));
    if (record.has_value() && !record->deleted()) {
      Caller caller;
      caller.kind = policy::CallerKind::kService;
      caller.principal = service;
      for (const int role : record->service().roles()) {
        caller.roles.Add(static_cast<unsigned>(role));
      }
      return OnBehalfOf(std::move(caller), on_behalf_of);
    }
  }
  CountFailedAuthentication(peer);
  return BadCredentials();
}

absl::StatusOr<Authority::VerifyTrust> Authority::AuthorizeVerify(const Caller& caller) {
  policy::Decision decision;
  if (!caller.undelegated.empty()) {
    decision = UndelegatedDecision();
  } else if (caller.kind == policy::CallerKind::kMember) {
    const storage::View view = NewView();
    LATCHKEY_ASSIGN_OR_RETURN(
        const FactSheet sheet,
        FactSheet::For(view, caller, policy::Action::kTokenVerify, options_.clock.Now()));
    decision = sheet.Decide();
  } else {
    policy::Facts facts;
    facts.action = policy::Action::kTokenVerify;
    facts.caller = caller.kind;
    facts.service_roles = caller.roles;
    decision = policy::Decide(facts);
  }
  if (decision.outcome != policy::Outcome::kAllow) {
    return DeniedError(v1::ACTION_TOKEN_VERIFY, decision);
  }
  return caller.kind == policy::CallerKind::kMember ? VerifyTrust::kMinimal : VerifyTrust::kFull;
}

}  // namespace latchkey
