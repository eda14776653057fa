#include "server/authority/validate.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/authority/actions.h"
#include "server/authority/errors.h"
#include "server/authority/names.h"
#include "server/authority/utf8.h"
#include "server/form/secret_form.h"
#include "server/secret/uuid.h"

namespace latchkey {
namespace {

constexpr int kMaxExpiryYears = 10;
constexpr std::size_t kMaxNames = 16;
// Below a token's secret and a request id, which opens sealed answers.
constexpr std::size_t kMaxShownBytes = 32;

// Texts are shown to many, and stay in the log.
constexpr char kHoldsSecret[] =
    "holds what has the form of a secret; leave it out, and if it is one, regenerate or revoke it: "
    "it was sent where it does not belong";

bool IsScope(absl::string_view scope) {
  if (scope.empty() || scope.size() > kMaxScopeBytes) return false;
  return std::all_of(scope.begin(), scope.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == ':' || c == '.' || c == '_' || c == '/' || c == '-';
  });
}

std::string NotOfForm(absl::string_view value, absl::string_view takes) {
  return absl::StrCat("is ", Shown(value), "; it takes ", takes);
}

}  // namespace

void Validator::Add(absl::string_view field, absl::string_view description) {
  if (full()) return;
  auto* violation = violations_.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
}

void Validator::Enum(absl::string_view field, int value,
                     const google::protobuf::EnumDescriptor& type, bool or_none) {
  const auto* const named = type.FindValueByNumber(value);
  if (named != nullptr && (value != 0 || or_none)) return;
  // Its values are named as the zero value is, but for that one's last word.
  const absl::string_view prefix = absl::StripSuffix(type.value(0)->name(), "UNSPECIFIED");
  std::vector<absl::string_view> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    names.push_back(absl::StripPrefix(type.value(i)->name(), prefix));
  }
  const std::string got = value == 0 ? "is not set" : absl::StrCat("is ", value);
  Add(field, absl::StrCat(got, "; it takes ",
                          names.size() > kMaxNames ? absl::StrCat("a value of ", type.name())
                                                   : absl::StrJoin(names, ", ")));
}

void Validator::Name(absl::string_view field, absl::string_view value, bool ok,
                     absl::string_view takes) {
  if (!ok) Add(field, NotOfForm(value, takes));
}

void Validator::Id(absl::string_view field, absl::string_view value) {
  if (IsId(value)) return;
  Add(field, absl::StrCat("is ", Shown(value), "; it takes 1 to 63 of [a-z0-9-]"));
}

void Validator::Text(absl::string_view field, absl::string_view value) {
  if (value.size() > kMaxTextBytes) {
    Add(field, absl::StrCat("has ", value.size(), " bytes; it takes at most ", kMaxTextBytes));
  } else if (!IsPrintableUtf8(value)) {
    Add(field, "holds control characters or is no UTF-8; it takes UTF-8 text on one line");
  } else if (secret::HoldsSecret(value)) {
    Add(field, kHoldsSecret);
  }
}

void Validator::Scopes(absl::string_view field, const Strings& scopes) {
  if (static_cast<std::size_t>(scopes.size()) > kMaxScopes) {
    Add(field, absl::StrCat("has ", scopes.size(), " scopes; it takes at most ", kMaxScopes));
    return;
  }
  for (int i = 0; i < scopes.size() && !full(); ++i) {
    if (secret::HoldsSecret(scopes[i])) {
      Add(absl::StrCat(field, "[", i, "]"), kHoldsSecret);
      continue;
    }
    if (IsScope(scopes[i])) continue;
    Add(absl::StrCat(field, "[", i, "]"),
        absl::StrCat("is ", Shown(scopes[i]),
                     "; it takes 1 to 128 of letters, digits and : . _ / -"));
  }
}

void Validator::RequestId(absl::string_view value) {
  if (value.empty() || secret::IsRandomUuid(value)) return;
  Add("request_id", "is no random UUID; it takes 36 characters of version 4 in lower case");
}

void Validator::Span(absl::string_view field, const google::protobuf::Duration& value,
                     absl::Duration least, absl::Duration most) {
  const absl::Duration span = absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
  const bool proper = value.nanos() >= 0 && value.nanos() <= 999999999;
  if (proper && span >= least && span <= most) return;
  Add(field, absl::StrCat("is ", absl::FormatDuration(span), "; it takes ",
                          absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
}

void Validator::ExpireTime(absl::string_view field, const google::protobuf::Timestamp& value,
                           absl::Time now) {
  constexpr absl::Duration kLimit = absl::Hours(24 * 366 * kMaxExpiryYears);
  if (value.nanos() < 0 || value.nanos() > 999999999) {
    Add(field, "has nanos outside 0 to 999999999");
    return;
  }
  const absl::Time time = FromProto(value);
  if (time <= now) {
    Add(field, "is not after now");
  } else if (time > now + kLimit) {
    Add(field, absl::StrCat("is more than ", kMaxExpiryYears, " years ahead"));
  }
}

absl::Status Validator::status() const {
  return violations_.field_violations().empty() ? absl::OkStatus()
                                                : InvalidFieldsError(violations_);
}

std::string Shown(absl::string_view value) {
  if (value.empty()) return "empty";
  if (value.size() > kMaxShownBytes) return absl::StrCat(value.size(), " bytes");
  return absl::StrCat("\"", absl::CHexEscape(value), "\"");
}

absl::Status InvalidNameError(absl::string_view field, absl::string_view value,
                              absl::string_view takes) {
  return InvalidFieldError(field, NotOfForm(value, takes));
}

std::vector<std::string> Normalized(const Strings& scopes) {
  std::vector<std::string> sorted(scopes.begin(), scopes.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

void Normalize(Strings& scopes) {
  const std::vector<std::string> sorted = Normalized(scopes);
  scopes.Assign(sorted.begin(), sorted.end());
}

bool IsSubset(const Strings& part, const Strings& whole) {
  return std::all_of(part.begin(), part.end(), [&](const std::string& scope) {
    return std::find(whole.begin(), whole.end(), scope) != whole.end();
  });
}

absl::Status CheckScopesAreOf(absl::string_view app, const Strings& asked_for,
                              absl::string_view field, const Strings& scopes) {
  for (const std::string& scope : scopes) {
    if (std::find(asked_for.begin(), asked_for.end(), scope) != asked_for.end()) continue;
    return InvalidFieldError(
        field, absl::StrCat("holds ", Shown(scope), ", which ", app, " does not ask for; it takes ",
                            asked_for.empty() ? "none" : absl::StrJoin(asked_for, ", ")));
  }
  return absl::OkStatus();
}

}  // namespace latchkey
