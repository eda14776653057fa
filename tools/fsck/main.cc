// latchkey_fsck: checks a store while no server runs on it, and changes nothing.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/logger.h"
#include "server/base/status_macros.h"
#include "server/secret/harden.h"
#include "server/secret/key_file.h"
#include "storage/engine/rocksdb_engine.h"
#include "storage/merkle/signed_note.h"
#include "tools/fsck/store_check.h"

namespace latchkey::fsck {
namespace {

constexpr int kExitClean = 0;
constexpr int kExitDamaged = 1;
constexpr int kExitUsage = 2;

struct Arguments {
  std::string data_dir;
  std::string key_file;
  std::vector<std::string> checkpoints;
};

void Declare(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", LATCHKEY_VERSION);
  app.add_option("--data", arguments.data_dir, "Folder of the store and the key file")
      ->required()
      ->type_name("DIR");
  app.add_option("--keys", arguments.key_file, "The key file [DIR/keys.json]")->type_name("FILE");
  app.add_option("--checkpoint", arguments.checkpoints,
                 "A checkpoint that was kept elsewhere, to which the log is held; repeatable")
      ->type_name("FILE");
  app.footer(
      "Exits with 0 where nothing is wrong, 1 where something is damaged, and 2 where the store "
      "could not be checked.");
}

absl::StatusOr<std::map<std::string, std::string>> ReadFiles(
    const std::vector<std::string>& paths) {
  std::map<std::string, std::string> notes;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::string note(merkle::kMaxNoteSize + 1, '\0');
    file.read(note.data(), static_cast<std::streamsize>(note.size()));
    note.resize(static_cast<std::size_t>(file.gcount()));
    if (!file.eof() || file.bad() || note.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is no checkpoint: a file of 1 to ", merkle::kMaxNoteSize, " bytes"));
    }
    notes.emplace(path, std::move(note));
  }
  return notes;
}

// Whether the store is clean. Errors: it could not be checked.
absl::StatusOr<bool> Check(const Arguments& arguments, Logger& logger) {
  LATCHKEY_RETURN_IF_ERROR(secret::DisableCoreDumps());
  const std::string key_file = arguments.key_file.empty()
                                   ? absl::StrCat(arguments.data_dir, "/keys.json")
                                   : arguments.key_file;
  LATCHKEY_ASSIGN_OR_RETURN(const secret::KeyFile keys, secret::KeyFile::Read(key_file));
  const secret::Keyring keyring = keys.MakeKeyring();
  LATCHKEY_ASSIGN_OR_RETURN(auto remembered, ReadFiles(arguments.checkpoints));
  engine::RocksdbEngine::Options options{.path = absl::StrCat(arguments.data_dir, "/store"),
                                         .logger = logger};
  options.read_only = true;
  auto engine = engine::RocksdbEngine::Open(std::move(options));
  absl::StatusOr<bool> clean =
      engine.ok() ? CheckStore({**engine, keyring.log_signer(), std::move(remembered), std::cout})
                  : engine.status();
  if (!absl::IsDataLoss(clean.status())) return clean;
  std::cout << "damaged: the store does not read: " << clean.status().message() << "\n";
  return false;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Checks the store of a Latchkey server that does not run.", "latchkey_fsck");
  Declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitClean : kExitUsage;
  }
  const SystemClock clock;
  static StderrLogger logger(clock, LogLevel::kError);
  const absl::StatusOr<bool> clean = Check(arguments, logger);
  if (!clean.ok()) {
    std::fprintf(stderr, "latchkey_fsck: %s\n", std::string(clean.status().message()).c_str());
    return kExitUsage;
  }
  std::cout.flush();
  if (!std::cout) return kExitUsage;
  return *clean ? kExitClean : kExitDamaged;
}

}  // namespace
}  // namespace latchkey::fsck

int main(int argc, char** argv) { return latchkey::fsck::Main(argc, argv); }
