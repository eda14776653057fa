#include "tools/latchkey/export/cloud_events.h"

#include "absl/strings/str_cat.h"

namespace latchkey::cli {

Json ToCloudEvent(const v1::Event& event, const std::string& source) {
  const Json data = EventJson(event);
  Json json;
  json["specversion"] = "1.0";
  json["id"] = absl::StrCat(event.sequence());
  json["source"] = source;
  json["type"] = absl::StrCat("latchkey.v1.", ActionNameOf(event));
  SetText(json, "subject", event.resource());
  if (data.contains("time")) json["time"] = data["time"];
  json["datacontenttype"] = "application/json";
  json["data"] = data;
  return json;
}

}  // namespace latchkey::cli
