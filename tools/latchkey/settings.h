#ifndef LATCHKEY_TOOLS_LATCHKEY_SETTINGS_H_
#define LATCHKEY_TOOLS_LATCHKEY_SETTINGS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/options.h"
#include "tools/latchkey/config_file.h"
#include "tools/latchkey/io.h"
#include "tools/latchkey/secret_source.h"

namespace latchkey::cli {

enum class OutputFormat { kTable, kJson };

// The global options as they were given.
struct Flags {
  std::optional<std::string> context;
  std::optional<std::string> target;
  std::optional<std::string> token_file;
  std::optional<std::string> token_env;
  std::optional<std::string> on_behalf_of;
  std::optional<std::string> ca_file;
  std::optional<std::string> cert_file;
  std::optional<std::string> key_file;
  std::optional<std::string> server_name;
  std::optional<std::string> timeout;
  std::optional<std::string> output;
  bool tls = false;
  bool send_secrets_in_clear = false;
};

// What flags, environment and context come to; a flag goes before the environment, and that before
// the context, each setting by itself.
struct Settings {
  std::string context_name;    // empty: none
  absl::Status context_error;  // where there is no such context: what MakeClientOptions() returns
  std::string target;
  bool send_secrets_in_clear = false;
  std::optional<TlsOptions> tls;
  SecretSource secret;
  std::string on_behalf_of;
  absl::Duration timeout = absl::Seconds(10);
  OutputFormat output = OutputFormat::kTable;
};

inline constexpr char kDefaultTarget[] = "127.0.0.1:7707";

// Puts the settings together. Reads no secret and no TLS file.
// INVALID_ARGUMENT: a value does not parse, or two flags say where the secret is.
absl::StatusOr<Settings> ResolveSettings(const Flags& flags, const Io& io, const Config& config);

// Returns how to make the client, and reads the secret.
// INVALID_ARGUMENT: there is no such context, or the target is none; and as ReadSecret().
absl::StatusOr<ClientOptions> MakeClientOptions(const Settings& settings, const Io& io);

// Returns the full name of the member that a setting says to act for.
// INVALID_ARGUMENT: it is no member's name.
absl::StatusOr<std::string> MemberToActFor(absl::string_view text);

// Reads "table" or "json".
absl::StatusOr<OutputFormat> ParseOutputFormat(absl::string_view text);

// Reads "10s", "1.5h", "90d", "2w", or a number of seconds.
// INVALID_ARGUMENT: it is none of these, or not above 0.
absl::StatusOr<absl::Duration> ParseTimeSpan(absl::string_view text);
// The same, and 0, in any unit.
absl::StatusOr<absl::Duration> ParseTimeSpanOrZero(absl::string_view text);

// Reads when something is to expire: a time, or a span from `now`.
// INVALID_ARGUMENT: it is neither.
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text, absl::Time now);

// Reads from when on events are wanted: a time, or how long before `now`.
// INVALID_ARGUMENT: it is neither.
absl::StatusOr<absl::Time> ParseSince(const std::string& text, absl::Time now);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_SETTINGS_H_
