// `latchkey audit checkpoint` and `verify-key` against a real server.
#include <string>
#include <vector>

#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "storage/merkle/checkpoint.h"
#include "tests/testing/status_matchers.h"
#include "tests/tools/cli_harness.h"
#include "tests/tools/live_server.h"

namespace latchkey::cli {
namespace {

using testing::CliHarness;
using testing::CliResult;
using testing::LiveServer;

class CliProofTest : public ::testing::Test {
 protected:
  CliResult Run(std::vector<std::string> args) {
    args.insert(args.end(), {"--target", server_.target(), "--token-file",
                             cli_.File("operator", server_.operator_secret())});
    CliResult result = cli_.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
    return result;
  }

  CliHarness cli_;
  LiveServer server_;
};

TEST_F(CliProofTest, TheCheckpointIsPrintedByteByByteAndVerifiesWithTheKey) {
  const std::string key(absl::StripSuffix(Run({"audit", "verify-key"}).out, "\n"));
  const auto verifier = merkle::NoteVerifier::Parse(key);
  ASSERT_THAT(verifier, testing::IsOk());

  const std::string note = Run({"audit", "checkpoint"}).out;

  const auto checkpoint = merkle::OpenCheckpoint(*verifier, note);
  ASSERT_THAT(checkpoint, testing::IsOk());
  EXPECT_EQ(checkpoint->size, server_.newest());
}

TEST_F(CliProofTest, JsonHasTheWholeAnswer) {
  const auto json = nlohmann::json::parse(Run({"audit", "checkpoint", "-o", "json"}).out);
  EXPECT_EQ(json["treeSize"], std::to_string(server_.newest()));
  const auto verifier = merkle::NoteVerifier::Parse(json["verifierKey"].get<std::string>());
  ASSERT_THAT(verifier, testing::IsOk());
  EXPECT_THAT(verifier->Open(json["checkpoint"].get<std::string>()), testing::IsOk());
}

}  // namespace
}  // namespace latchkey::cli
