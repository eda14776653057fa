#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"
#include "server/form/secret_form.h"

namespace latchkey {
namespace {

using storage::v1::ServiceRecord;

constexpr std::size_t kMaxUriSans = 8;
constexpr std::size_t kMaxUriSanBytes = 512;

// Of the characters that a URI is written in (RFC 3986), none of which is a space or a control.
bool IsUri(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxUriSanBytes && absl::StrContains(text, "://") &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

absl::Status CheckNewService(const v1::CreateServiceRequest& request) {
  Validator validator;
  validator.Id("service_id", request.service_id());
  validator.Check(request.has_service(), "service", "is missing");
  validator.Text("service.display_name", request.service().display_name());
  validator.Check(!request.service().roles().empty(), "service.roles", "is empty; give a role");
  absl::flat_hash_set<int> roles;
  for (const int role : request.service().roles()) {
    if (validator.full()) break;
    validator.Enum("service.roles", static_cast<v1::ServiceRole>(role));
    validator.Check(roles.insert(role).second, "service.roles", "holds a role twice");
  }
  const auto& uris = request.service().uri_sans();
  validator.Check(static_cast<std::size_t>(uris.size()) <= kMaxUriSans, "service.uri_sans",
                  absl::StrCat("has ", uris.size(), " URIs; it takes at most ", kMaxUriSans));
  absl::flat_hash_set<std::string> seen;
  for (const std::string& uri : uris) {
    if (validator.full()) break;
    validator.Check(IsUri(uri), "service.uri_sans",
                    "holds what is no URI of 1 to 512 bytes; it takes visible ASCII with ://");
    validator.Check(!secret::HoldsSecret(uri), "service.uri_sans",
                    "holds what has the form of a secret");
    validator.Check(seen.insert(uri).second, "service.uri_sans", "holds a URI twice");
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::CreateServiceResponse> Handle(Mutation& m,
                                                 const v1::CreateServiceRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kServiceCreate));
  const bool named = IsId(request.service_id());
  const std::string name = named ? ServiceName(request.service_id()) : "services";
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {"", name, ""}));
  LATCHKEY_RETURN_IF_ERROR(CheckNewService(request));
  const storage::Key<ServiceRecord> key = storage::ServiceKey(request.service_id());
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<ServiceRecord> old, m.txn().Get(key));
  if (old.has_value() && !old->deleted()) return ResourceExistsError(name);
  for (const std::string& uri : request.service().uri_sans()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto taken, m.txn().Get(storage::UriSanKey(uri)));
    if (taken.has_value()) return ResourceExistsError(absl::StrCat("the URI SAN ", uri));
  }
  ServiceRecord record;
  v1::Service& service = *record.mutable_service();
  service.set_name(name);
  service.set_display_name(request.service().display_name());
  *service.mutable_roles() = request.service().roles();
  *service.mutable_uri_sans() = request.service().uri_sans();
  *service.mutable_create_time() = ToProto(m.now());
  // The generation of a deleted service of this id was raised when it was deleted.
  record.set_generation(old.has_value() ? old->generation() : kFirstGeneration);
  storage::v1::NameRecord pointer;
  pointer.set_name(name);
  for (const std::string& uri : service.uri_sans()) m.txn().Put(storage::UriSanKey(uri), pointer);
  v1::CreateServiceResponse response;
  response.set_revision(m.Write<ServiceRecord>(key, nullptr, record));
  *response.mutable_service() = record.service();
  return response;
}

absl::StatusOr<v1::DeleteServiceResponse> Handle(Mutation& m,
                                                 const v1::DeleteServiceRequest& request) {
  const auto id = ParseService(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kServiceDelete));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutService(id.value_or("")));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {"", request.name(), ""}));
  Validator validator;
  validator.Name("name", request.name(), id.has_value(), "services/{id}");
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.service().has_value()) return ResourceNotFoundError(request.name());
  const storage::Key<ServiceRecord> key = storage::ServiceKey(*id);
  const ServiceRecord& before = *sheet.service();
  ServiceRecord after = before;
  after.set_deleted(true);
  after.set_generation(before.generation() + 1);
  m.EndGeneration(key.bytes, before.generation(), v1::ACTION_SERVICE_DELETE,
                  "The service was deleted.");
  for (const std::string& uri : before.service().uri_sans()) {
    m.txn().Delete(storage::UriSanKey(uri));
  }
  v1::DeleteServiceResponse response;
  response.set_revision(m.WriteErased<ServiceRecord>(key, before, after));
  return response;
}

}  // namespace latchkey
