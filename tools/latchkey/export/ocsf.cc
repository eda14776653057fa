#include "tools/latchkey/export/ocsf.h"

#include "absl/strings/str_cat.h"
#include "tools/latchkey/export/ocsf_class.h"

namespace latchkey::cli {
namespace {

constexpr char kVersion[] = "1.4.0";
constexpr char kProduct[] = "Latchkey";

Json UserOf(const std::string& principal) {
  const std::string kind = KindOf(principal);
  Json user = {{"uid", principal}, {"name", IdOf(principal)}};
  if (kind == "member") {
    user["type_id"] = 1;
    user["type"] = "User";
  } else if (principal == "operator") {
    user["type_id"] = 2;
    user["type"] = "Admin";
  } else if (kind == "service" || principal == "latchkey") {
    user["type_id"] = 3;
    user["type"] = "System";
  } else {
    user["type_id"] = 0;
    user["type"] = "Unknown";
  }
  return user;
}

Json ActorOf(const v1::Actor& actor) {
  Json json = {{"user", UserOf(actor.principal())}};
  SetText(json, "invoked_by", actor.delegate());
  if (!actor.token().empty()) json["session"] = {{"uid", actor.token()}};
  return json;
}

Json EndpointOf(const v1::Actor& actor) {
  const PeerAddress address = ParsePeer(actor.peer());
  if (address.ip.empty()) return {{"name", actor.peer().empty() ? "latchkey" : actor.peer()}};
  Json json = {{"ip", address.ip}};
  if (address.port.has_value()) json["port"] = *address.port;
  return json;
}

Json ApiOf(const v1::Event& event) {
  Json json = {{"operation", ActionNameOf(event)}, {"service", {{"name", "latchkey.v1"}}}};
  if (!event.request_id_hash().empty()) json["request"] = {{"uid", event.request_id_hash()}};
  return json;
}

Json MetadataOf(const v1::Event& event, const std::string& source, const Json& whole) {
  Json json;
  json["version"] = kVersion;
  json["product"] = {{"name", kProduct}, {"vendor_name", kProduct}};
  json["profiles"] = {"cloud"};
  json["uid"] = absl::StrCat(event.sequence());
  json["log_name"] = source;
  SetText(json, "tenant_uid", event.workspace());
  if (whole.contains("time")) json["original_time"] = whole["time"];
  return json;
}

Json EntityOf(const std::string& resource) {
  if (resource.empty()) return {{"name", "latchkey"}};
  Json json = {{"uid", resource}, {"name", IdOf(resource)}};
  SetText(json, "type", KindOf(resource));
  return json;
}

void SetStatus(const v1::Event& event, Json& json) {
  switch (event.decision().outcome()) {
    case v1::OUTCOME_ALLOWED:
      json["status_id"] = 1;
      json["status"] = "Success";
      break;
    case v1::OUTCOME_DENIED:
      json["status_id"] = 2;
      json["status"] = "Failure";
      break;
    case v1::OUTCOME_NEEDS_APPROVAL:
      json["status_id"] = 99;
      json["status"] = "Needs approval";
      break;
    default:
      json["status_id"] = 0;
      json["status"] = "Unknown";
  }
  SetText(json, "status_code", event.decision().rule());
  SetText(json, "status_detail", event.decision().reason());
}

// What a creation that was refused is about is no account, but where it would have been.
bool IsAccount(const std::string& resource) {
  const std::string kind = KindOf(resource);
  return kind == "member" || kind == "service";
}

// What only events of one class have.
void SetOfClass(const v1::Event& event, const OcsfClass& type, Json& json) {
  if (type.class_uid == kAccountChange.class_uid) {
    if (IsAccount(event.resource())) json["user"] = UserOf(event.resource());
  } else if (type.class_uid == kAuthentication.class_uid) {
    json["user"] = UserOf(event.actor().principal());
    json["service"] = {{"name", "latchkey"}};
  } else if (type.class_uid == kEntityManagement.class_uid) {
    json["entity"] = EntityOf(event.resource());
    SetText(json, "comment", event.reason());
  } else if (!event.resource().empty()) {
    json["resources"] = Json::array({EntityOf(event.resource())});
  }
}

void SetSummary(const v1::Summary& summary, Json& json) {
  json["count"] = summary.count();
  json["start_time"] = MillisOf(summary.first_time());
  json["end_time"] = MillisOf(summary.last_time());
}

// What the framework has no place for, in the contract's own form.
Json UnmappedOf(const Json& whole, bool has_resource) {
  Json unmapped = Json::object();
  for (const auto& [name, value] : whole.items()) {
    const bool mapped = name == "sequence" || name == "time" || name == "actor" ||
                        name == "action" || (name == "resource" && has_resource) ||
                        name == "requestIdHash" || name == "summary";
    if (!mapped) unmapped[name] = value;
  }
  return unmapped;
}

}  // namespace

Json ToOcsf(const v1::Event& event, const std::string& source) {
  constexpr int kTypesOfClass = 100;
  const OcsfActivity activity = OcsfActivityOf(event);
  const OcsfSeverity severity = OcsfSeverityOf(event);
  const Json whole = EventJson(event);
  Json json;
  json["activity_id"] = activity.id;
  json["activity_name"] = activity.name;
  json["category_uid"] = activity.type->category_uid;
  json["category_name"] = activity.type->category_name;
  json["class_uid"] = activity.type->class_uid;
  json["class_name"] = activity.type->class_name;
  json["type_uid"] = activity.type->class_uid * kTypesOfClass + activity.id;
  json["type_name"] = absl::StrCat(activity.type->class_name, ": ", activity.name);
  json["severity_id"] = severity.id;
  json["severity"] = severity.name;
  json["time"] = MillisOf(event.time());
  json["message"] = absl::StrCat(ActionNameOf(event), " ", OutcomeOf(event));
  SetStatus(event, json);
  json["metadata"] = MetadataOf(event, source, whole);
  json["actor"] = ActorOf(event.actor());
  json["api"] = ApiOf(event);
  json["cloud"] = {{"provider", kProduct}};
  json["src_endpoint"] = EndpointOf(event.actor());
  if (!event.actor().user_agent().empty()) {
    json["http_request"] = {{"user_agent", event.actor().user_agent()}};
  }
  SetOfClass(event, *activity.type, json);
  if (event.has_summary()) SetSummary(event.summary(), json);
  const bool is_no_account =
      activity.type->class_uid == kAccountChange.class_uid && !json.contains("user");
  json["unmapped"] = UnmappedOf(whole, /*has_resource=*/!is_no_account);
  json["raw_data"] = whole.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  return json;
}

}  // namespace latchkey::cli
