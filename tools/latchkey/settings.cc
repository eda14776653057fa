#include "tools/latchkey/settings.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/channel.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/resource_name.h"
#include "tools/latchkey/suggest.h"
#include "tools/latchkey/target.h"

namespace latchkey::cli {
namespace {

// The first that says something: the flag, the environment variable, the context.
std::string Choose(const std::optional<std::string>& flag, const std::string& variable,
                   const std::string& context) {
  if (flag.has_value()) return *flag;
  return variable.empty() ? context : variable;
}

SecretSource FromFile(const std::string& path) {
  if (path == "-") return {SecretSource::Kind::kStandardInput, "-"};
  return {SecretSource::Kind::kFile, path};
}

SecretSource FromVariable(const std::string& name) {
  return {SecretSource::Kind::kEnvironment, name};
}

SecretSource ChooseSecret(const Flags& flags, const Io& io, const Context& context) {
  if (flags.token_file.has_value()) return FromFile(*flags.token_file);
  if (flags.token_env.has_value()) return FromVariable(*flags.token_env);
  if (!io.Env("LATCHKEY_TOKEN").empty()) return FromVariable("LATCHKEY_TOKEN");
  if (const std::string path = io.Env("LATCHKEY_TOKEN_FILE"); !path.empty()) return FromFile(path);
  if (!context.token_file.empty()) return FromFile(context.token_file);
  if (!context.token_env.empty()) return FromVariable(context.token_env);
  return {};
}

absl::StatusOr<Context> FindContext(const std::string& name, const Config& config) {
  if (name.empty()) return Context();
  const auto found = config.contexts.find(name);
  if (found != config.contexts.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [other, context] : config.contexts) known.push_back(other);
  return absl::InvalidArgumentError(
      absl::StrCat("there is no context '", name, "'.", DidYouMean(name, known)));
}

std::optional<TlsOptions> ChooseTls(const Flags& flags, const Io& io, const Context& context,
                                    const Settings& settings) {
  TlsOptions tls;
  tls.ca_file = Choose(flags.ca_file, io.Env("LATCHKEY_CA_FILE"), context.ca_file);
  tls.cert_file = Choose(flags.cert_file, io.Env("LATCHKEY_CERT_FILE"), context.cert_file);
  tls.key_file = Choose(flags.key_file, io.Env("LATCHKEY_KEY_FILE"), context.key_file);
  tls.server_name = Choose(flags.server_name, io.Env("LATCHKEY_SERVER_NAME"), context.server_name);
  const bool asked = flags.tls || context.tls || !tls.ca_file.empty() || !tls.cert_file.empty() ||
                     !tls.key_file.empty() || !tls.server_name.empty();
  if (asked || !(IsLocalTarget(settings.target) || settings.send_secrets_in_clear)) return tls;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(absl::string_view text) {
  if (text == "json") return OutputFormat::kJson;
  if (text == "table") return OutputFormat::kTable;
  return absl::InvalidArgumentError(absl::StrCat("--output is '", text, "'; it takes table, json"));
}

absl::StatusOr<absl::Duration> ParseTimeSpan(absl::string_view text) {
  constexpr int kHoursADay = 24;
  constexpr int kHoursAWeek = 7 * kHoursADay;
  absl::Duration span;
  double number = 0;
  absl::string_view digits = text;
  if (absl::SimpleAtod(text, &number)) {
    span = absl::Seconds(number);
  } else if (absl::ConsumeSuffix(&digits, "d") && absl::SimpleAtod(digits, &number)) {
    span = absl::Hours(kHoursADay * number);
  } else if (absl::ConsumeSuffix(&digits, "w") && absl::SimpleAtod(digits, &number)) {
    span = absl::Hours(kHoursAWeek * number);
  } else if (!absl::ParseDuration(text, &span)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' is no time span; it takes a number and ms, s, m, h, d or w"));
  }
  if (span > absl::ZeroDuration()) return span;
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not above 0"));
}

absl::StatusOr<absl::Duration> ParseTimeSpanOrZero(absl::string_view text) {
  absl::Duration span;
  const bool is_zero = absl::ParseDuration(text, &span) && span == absl::ZeroDuration();
  return is_zero ? absl::ZeroDuration() : ParseTimeSpan(text);
}

absl::StatusOr<absl::Time> ParseExpiry(const std::string& text, absl::Time now) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  const absl::StatusOr<absl::Duration> span = ParseTimeSpan(text);
  if (span.ok()) return now + *span;
  return absl::InvalidArgumentError(absl::StrCat(
      "--expires is '", text, "'; it takes a time span such as 90d, or 2030-01-31T12:00:00Z"));
}

absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  const absl::StatusOr<absl::Duration> span = ParseTimeSpan(text);
  if (span.ok()) return now - *span;
  return absl::InvalidArgumentError(absl::StrCat(
      "--since is '", text, "'; it takes a time span such as 90m, or 2030-01-31T12:00:00Z"));
}

absl::StatusOr<std::string> MemberToActFor(absl::string_view text) {
  // Short names of members may look like full names of services; nobody acts for a service.
  if (!absl::StartsWith(text, "services/")) return FullName(NameKind::kMember, text);
  return absl::InvalidArgumentError(
      absl::StrCat("--on-behalf-of is '", text,
                   "', which is a service's name; it takes a member: WORKSPACE/ID, in full "
                   "workspaces/*/members/*"));
}

absl::StatusOr<Settings> ResolveSettings(const Flags& flags, const Io& io, const Config& config) {
  if (flags.token_file.has_value() && flags.token_env.has_value()) {
    return absl::InvalidArgumentError("--token-file and --token-env exclude each other");
  }
  Settings settings;
  settings.context_name = Choose(flags.context, io.Env("LATCHKEY_CONTEXT"), config.current);
  const absl::StatusOr<Context> found = FindContext(settings.context_name, config);
  settings.context_error = found.status();
  const Context context = found.value_or(Context());
  if (flags.target.has_value()) LATCHKEY_RETURN_IF_ERROR(CheckTarget(*flags.target));
  settings.target = Choose(flags.target, io.Env("LATCHKEY_TARGET"), context.target);
  if (settings.target.empty()) settings.target = kDefaultTarget;
  settings.send_secrets_in_clear = flags.send_secrets_in_clear || context.send_secrets_in_clear;
  settings.tls = ChooseTls(flags, io, context, settings);
  settings.secret = ChooseSecret(flags, io, context);
  const std::string member =
      Choose(flags.on_behalf_of, io.Env("LATCHKEY_ON_BEHALF_OF"), context.on_behalf_of);
  if (!member.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(settings.on_behalf_of, MemberToActFor(member));
  }
  if (const std::string text = Choose(flags.timeout, io.Env("LATCHKEY_TIMEOUT"), "");
      !text.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(settings.timeout, ParseTimeSpan(text));
  }
  if (const std::string text = Choose(flags.output, io.Env("LATCHKEY_OUTPUT"), ""); !text.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(settings.output, ParseOutputFormat(text));
  }
  return settings;
}

absl::StatusOr<ClientOptions> MakeClientOptions(const Settings& settings, const Io& io) {
  LATCHKEY_RETURN_IF_ERROR(settings.context_error);
  LATCHKEY_RETURN_IF_ERROR(CheckTarget(settings.target));
  ClientOptions options;
  options.target = settings.target;
  options.tls = settings.tls;
  options.send_secrets_in_clear = settings.send_secrets_in_clear;
  options.on_behalf_of = settings.on_behalf_of;
  options.timeout = settings.timeout;
  options.user_agent = "latchkey/" LATCHKEY_VERSION;
  if (settings.secret.kind != SecretSource::Kind::kNone) {
    LATCHKEY_ASSIGN_OR_RETURN(options.secret, ReadSecret(settings.secret, io));
  }
  return options;
}

}  // namespace latchkey::cli
