#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/local_file.h"
#include "client/secret_scanner.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/enum_text.h"
#include "tools/latchkey/file_list.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/present_secrets.h"
#include "tools/latchkey/progress_bar.h"

namespace latchkey::cli {
namespace {

constexpr char kStandardInput[] = "-";
constexpr std::size_t kPieceBytes = 256 * 1024;

struct ScanArgs {
  std::vector<std::string> paths;
  bool revoke = false;
  std::string reason;
  std::string token_prefixes;
};

void DeclareScan(Syntax& syntax, ScanArgs& args) {
  syntax.Texts("PATH", args.paths, "Files and folders; - or none is standard input");
  syntax.Flag("--revoke", args.revoke,
              "End the tokens whose secrets were found; this takes a server and no other right");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log; goes with --revoke");
  syntax.Text("--token-prefixes", "P,P,P,P,P,P,P,P", args.token_prefixes,
              "The prefixes that the server was told to give, which tell the kinds");
}

// One finding, without the secret.
struct Finding {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t line = 0;
  std::uint64_t column = 0;
  std::string kind;
  std::string redacted;
};

constexpr char kOperatorKind[] = "operator";

std::string KindText(const FoundSecret& found) {
  if (found.prefix == secret::kOperatorPrefix) return kOperatorKind;
  // Of a server that gives its secrets other prefixes than the default ones.
  if (found.kind == v1::TOKEN_KIND_UNSPECIFIED) return "other";
  return EnumText(*v1::TokenKind_descriptor()->FindValueByNumber(found.kind));
}

// The last characters are the checksum's, and say nothing of the rest.
std::string Redacted(const FoundSecret& found) {
  constexpr std::size_t kShown = 4;
  static_assert(kShown <= secret::kChecksumDigits);
  return absl::StrCat(found.prefix, "_...", found.secret.substr(found.secret.size() - kShown));
}

// Looks for secrets, ends their tokens where that is wanted, and says what was found. Used by one
// thread.
class Scan {
 public:
  // `prefixes` tell the kinds.
  Scan(Session& session, const ScanArgs& args, secret::TokenPrefixes prefixes)
      : session_(session), io_(session.io()), args_(args), prefixes_(std::move(prefixes)) {}

  absl::StatusOr<ExitCode> Run() {
    Look();
    if (args_.revoke) {
      presented_ = PresentSecrets(session_, Distinct(), args_.reason);
    }
    // What was found is told whether or not it could be revoked.
    session_.json() ? PrintJson() : PrintTable();
    LATCHKEY_RETURN_IF_ERROR(FinishOutput(session_).status());
    LATCHKEY_RETURN_IF_ERROR(presented_.status);
    if (unreadable_) return ExitCode::kFailed;
    const bool left = args_.revoke ? CountOfOperator() > 0 : !findings_.empty();
    return left ? ExitCode::kSecretsFound : ExitCode::kOk;
  }

 private:
  void Look() {
    const std::vector<std::string> paths =
        args_.paths.empty() ? std::vector<std::string>{kStandardInput} : args_.paths;
    const std::vector<ListedFile> files = ListFiles(
        paths, [this](const std::string& path, const absl::Status& why) { Complain(path, why); });
    std::uint64_t total = 0;
    for (const ListedFile& file : files) total += file.bytes;
    const bool bar = io_.err_is_terminal && !session_.json() && io_.Env("TERM") != "dumb";
    ProgressBar progress(bar ? &io_.err : nullptr, io_.clock, total);
    SecretScanner scanner([this](const FoundSecret& found) { Keep(found); }, prefixes_);
    const auto take = [&](absl::string_view bytes) {
      scanner.Feed(bytes);
      progress.Advance(bytes.size());
    };
    for (const ListedFile& file : files) {
      path_ = file.path;
      scanner.Restart();
      const absl::Status read =
          file.path == kStandardInput ? ReadStandardInput(take) : ReadFileInto(file.path, take);
      if (read.ok()) continue;
      progress.Hide();
      Complain(file.path, read);
    }
  }

  absl::Status ReadStandardInput(absl::FunctionRef<void(absl::string_view)> take) {
    std::string piece(kPieceBytes, '\0');
    while (io_.in) {
      io_.in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      take(absl::string_view(piece.data(), static_cast<std::size_t>(io_.in.gcount())));
    }
    WipeString(piece);
    return io_.in.bad() ? absl::UnknownError("it broke off") : absl::OkStatus();
  }

  void Keep(const FoundSecret& found) {
    findings_.push_back(
        {path_, found.offset, found.line, found.column, KindText(found), Redacted(found)});
    const bool of_operator = findings_.back().kind == kOperatorKind;
    if (args_.revoke && !of_operator) secrets_.emplace_back(found.secret);
  }

  void Complain(const std::string& path, const absl::Status& why) {
    unreadable_ = true;
    if (session_.json()) {
      const nlohmann::ordered_json notice = {
          {"notice", "unreadable"}, {"path", path}, {"message", std::string(why.message())}};
      io_.err << Dump(notice, /*indent=*/-1);
    } else {
      io_.err << "latchkey: " << EscapeForTerminal(path)
              << " cannot be read: " << EscapeForTerminal(why.message());
    }
    io_.err << std::endl;
  }

  // Returns the tokens' secrets that were found, each once.
  const std::vector<SecretString>& Distinct() {
    const auto less = [](const SecretString& a, const SecretString& b) {
      return a.Reveal() < b.Reveal();
    };
    const auto equal = [](const SecretString& a, const SecretString& b) {
      return a.Reveal() == b.Reveal();
    };
    std::sort(secrets_.begin(), secrets_.end(), less);
    secrets_.erase(std::unique(secrets_.begin(), secrets_.end(), equal), secrets_.end());
    return secrets_;
  }

  std::ptrdiff_t CountOfOperator() const {
    return std::count_if(findings_.begin(), findings_.end(),
                         [](const Finding& one) { return one.kind == kOperatorKind; });
  }

  static std::string Dump(const nlohmann::ordered_json& json, int indent) {
    return json.dump(indent, ' ', /*ensure_ascii=*/indent < 0,
                     nlohmann::json::error_handler_t::replace);
  }

  void PrintJson() const {
    nlohmann::ordered_json json;
    json["secrets"] = nlohmann::json::array();
    for (const Finding& one : findings_) {
      json["secrets"].push_back({{"path", one.path},
                                 {"offset", one.offset},
                                 {"line", one.line},
                                 {"column", one.column},
                                 {"kind", one.kind},
                                 {"redacted", one.redacted}});
    }
    if (args_.revoke) {
      json["presented"] = presented_.count;
      json["revision"] = absl::StrCat(presented_.revision);
    }
    io_.out << Dump(json, /*indent=*/1) << '\n';
  }

  void PrintTable() const {
    Table table({"PATH", "LINE", "COLUMN", "KIND", "SECRET"});
    for (const Finding& one : findings_) {
      table.AddRow(
          {one.path, absl::StrCat(one.line), absl::StrCat(one.column), one.kind, one.redacted});
    }
    table.Print(io_.out, io_.out_is_terminal);
    io_.out << std::flush;
    if (args_.revoke && presented_.count == 0) io_.err << "Nothing was presented.\n";
    if (presented_.count > 0) {
      io_.err << "Presented " << presented_.count << ". " << PresentedSentence(presented_) << ".\n";
    }
    if (CountOfOperator() > 0) {
      io_.err << kOperatorIsLeft << '\n';
    }
  }

  Session& session_;
  const Io& io_;
  const ScanArgs& args_;
  const secret::TokenPrefixes prefixes_;
  std::string path_;  // of the file that is read now
  std::vector<Finding> findings_;
  std::vector<SecretString> secrets_;
  Presented presented_;
  bool unreadable_ = false;
};

// Those of the option, and the default ones.
absl::StatusOr<secret::TokenPrefixes> PrefixesOf(const ScanArgs& args) {
  const secret::TokenPrefixes defaults;
  if (args.token_prefixes.empty()) return defaults;
  LATCHKEY_ASSIGN_OR_RETURN(
      secret::TokenPrefixes prefixes,
      secret::TokenPrefixes::Create(absl::StrSplit(args.token_prefixes, ',')));
  for (std::uint8_t number = 1; number <= secret::kTokenKinds; ++number) {
    const secret::TokenKindNumber kind{number};
    LATCHKEY_RETURN_IF_ERROR(prefixes.AddFormer(kind, defaults.PrefixOf(kind)));
  }
  return prefixes;
}

absl::StatusOr<ExitCode> RunScan(Session& session, const ScanArgs& args) {
  if (!args.reason.empty() && !args.revoke) {
    return absl::InvalidArgumentError("--reason goes with --revoke");
  }
  const bool input = args.paths.empty() || std::find(args.paths.begin(), args.paths.end(),
                                                     kStandardInput) != args.paths.end();
  if (input && args.revoke &&
      session.settings().secret.kind == SecretSource::Kind::kStandardInput) {
    return absl::InvalidArgumentError(
        "standard input cannot hold both what is scanned and the caller's secret");
  }
  LATCHKEY_ASSIGN_OR_RETURN(secret::TokenPrefixes prefixes, PrefixesOf(args));
  return Scan(session, args, std::move(prefixes)).Run();
}

}  // namespace

std::vector<Command> ScanCommands() {
  return {
      MakeCommand("token", "scan",
                  "Find secrets in files, offline; exits 9 where there are some, see docs/cli.md",
                  DeclareScan, RunScan)};
}

}  // namespace latchkey::cli
