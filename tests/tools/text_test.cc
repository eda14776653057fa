#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "tests/testing/status_matchers.h"
#include "tools/latchkey/enum_text.h"
#include "tools/latchkey/resource_name.h"
#include "tools/latchkey/secret_source.h"
#include "tools/latchkey/settings.h"
#include "tools/latchkey/suggest.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {
namespace {

using ::testing::HasSubstr;
using testing::IsOkAndHolds;
using testing::StatusIs;

TEST(EscapeForTerminalTest, WhatMovesTheCursorOrHidesIsEscaped) {
  EXPECT_EQ(EscapeForTerminal("plain text"), "plain text");
  EXPECT_EQ(EscapeForTerminal("\x1b[2J\a\r\n\t"), "\\x1b[2J\\x07\\x0d\\x0a\\x09");
  EXPECT_EQ(EscapeForTerminal("\x7f"), "\\x7f");
  EXPECT_EQ(EscapeForTerminal("\xc2\x9b"
                              "31m"),
            "\\u009b31m");  // C1's CSI
  EXPECT_EQ(EscapeForTerminal("a\xe2\x80\xae"
                              "b"),
            "a\\u202eb");  // right-to-left override
  EXPECT_EQ(EscapeForTerminal("a\xe2\x80\x8b"
                              "b"),
            "a\\u200bb");                                        // zero-width space
  EXPECT_EQ(EscapeForTerminal("\xf3\xa0\x81\x81"), "\\ue0041");  // a tag
  EXPECT_EQ(EscapeForTerminal("J\xc3\xbcrgen \xe4\xb8\xad"), "J\xc3\xbcrgen \xe4\xb8\xad");
}

TEST(EscapeForTerminalTest, BytesThatAreNotUtf8AreEscapedOneByOne) {
  EXPECT_EQ(EscapeForTerminal("a\xff"
                              "b"),
            "a\\xffb");
  EXPECT_EQ(EscapeForTerminal("\xc3"), "\\xc3");
  EXPECT_EQ(EscapeForTerminal("\xc0\x9b"), "\\xc0\\x9b");           // an overlong form
  EXPECT_EQ(EscapeForTerminal("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(EscapeForTerminal("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(TableTest, ColumnsAreAlignedByWidthAndNoLineEndsInSpaces) {
  Table table({"NAME", "PLAN"});
  table.AddRow({"acme", "free"});
  table.AddRow({"\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", "plus"});  // three wide characters
  table.AddRow({"x", ""});
  table.AddRow({"", "a\x1b"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "NAME    PLAN\n"
            "acme    free\n"
            "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad  plus\n"
            "x\n"
            "        a\\x1b\n");
}

TEST(EnumTextTest, ValuesReadAndWriteInLowerCaseWithoutTheirPrefix) {
  EXPECT_EQ(EnumText(*v1::Role_descriptor()->FindValueByName("ROLE_PRIMARY_OWNER")),
            "primary_owner");
  EXPECT_EQ(EnumText(*v1::Action_descriptor()->FindValueByName("ACTION_TOKEN_BULK_REVOKE")),
            "token.bulk_revoke");
  EXPECT_THAT(ParseEnum(*v1::Role_descriptor(), "Primary-Owner"),
              IsOkAndHolds(v1::ROLE_PRIMARY_OWNER));
  EXPECT_THAT(ParseEnum(*v1::Action_descriptor(), "app.add-collaborator"),
              IsOkAndHolds(v1::ACTION_APP_ADD_COLLABORATOR));
  for (const std::string& text : EnumTexts(*v1::Action_descriptor())) {
    EXPECT_TRUE(ParseEnum(*v1::Action_descriptor(), text).ok()) << text;
  }
}

TEST(EnumTextTest, AnUnknownValueIsAnsweredWithWhatThereIs) {
  EXPECT_THAT(ParseEnum(*v1::Plan_descriptor(), "fre"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::AllOf(HasSubstr("free, standard, plus, enterprise_grid"),
                                        HasSubstr("Did you mean 'free'?"))));
  EXPECT_THAT(ParseEnum(*v1::Action_descriptor(), "token.isue"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'token.issue'")));
  EXPECT_FALSE(ParseEnum(*v1::Plan_descriptor(), "unspecified").ok());
}

TEST(ResourceNameTest, ShortNamesBecomeFullOnesAndFullOnesStay) {
  const struct {
    NameKind kind;
    std::string text;
    std::string full;
  } cases[] = {
      {NameKind::kWorkspace, "acme", "workspaces/acme"},
      {NameKind::kWorkspace, "workspaces/acme", "workspaces/acme"},
      {NameKind::kMember, "acme/ann", "workspaces/acme/members/ann"},
      {NameKind::kMember, "workspaces/ann", "workspaces/workspaces/members/ann"},
      {NameKind::kApp, "ci-bot", "apps/ci-bot"},
      {NameKind::kInstallation, "acme/ci-bot", "workspaces/acme/installations/ci-bot"},
      {NameKind::kRequest, "acme/r1", "workspaces/acme/approvalRequests/r1"},
      {NameKind::kToken, "acme/t1", "workspaces/acme/tokens/t1"},
      {NameKind::kToken, "services/ci/tokens/t1", "services/ci/tokens/t1"},
      {NameKind::kTokenParent, "services/ci", "services/ci"},
      {NameKind::kTokenParent, "acme", "workspaces/acme"},
      {NameKind::kPrincipal, "operator", "operator"},
      {NameKind::kPrincipal, "services/ci", "services/ci"},
      {NameKind::kPrincipal, "acme/ann", "workspaces/acme/members/ann"},
  };
  for (const auto& one : cases) EXPECT_THAT(FullName(one.kind, one.text), IsOkAndHolds(one.full));
}

TEST(ResourceNameTest, OtherNamesAreRefusedWithTheFormThatIsTaken) {
  for (const char* text : {"ann", "acme/", "/ann", "a/b/c", "workspaces/acme/apps/ann", ""}) {
    EXPECT_THAT(FullName(NameKind::kMember, text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("workspaces/*/members/*")))
        << text;
  }
}

TEST(ResourceNameTest, WhatAnActionIsAboutGoesByTheAction) {
  EXPECT_THAT(FullResourceName(v1::ACTION_APP_INSTALL, "ci-bot"), IsOkAndHolds("apps/ci-bot"));
  EXPECT_THAT(FullResourceName(v1::ACTION_APP_REINSTALL, "acme/ci-bot"),
              IsOkAndHolds("workspaces/acme/installations/ci-bot"));
  EXPECT_THAT(FullResourceName(v1::ACTION_MEMBER_CREATE, "acme"), IsOkAndHolds("workspaces/acme"));
  EXPECT_THAT(FullResourceName(v1::ACTION_TOKEN_REVOKE, "acme/t1"),
              IsOkAndHolds("workspaces/acme/tokens/t1"));
  EXPECT_THAT(FullResourceName(v1::ACTION_TOKEN_ISSUE, "apps/ci-bot"), IsOkAndHolds("apps/ci-bot"));
  EXPECT_THAT(FullResourceName(v1::ACTION_AUDIT_READ, ""), IsOkAndHolds(""));
}

TEST(ResourceNameTest, WhatATokenIsIssuedForIsAnAppWhereTheWorkspaceStandsBeside) {
  const std::string acme = "workspaces/acme";
  EXPECT_THAT(FullResourceName(v1::ACTION_TOKEN_ISSUE, "deploys", acme),
              IsOkAndHolds("apps/deploys"));
  EXPECT_THAT(FullResourceName(v1::ACTION_TOKEN_ISSUE, "acme"), IsOkAndHolds("workspaces/acme"));
  EXPECT_THAT(FullResourceName(v1::ACTION_APP_CREATE, "acme"), IsOkAndHolds("workspaces/acme"));
  EXPECT_THAT(FullResourceName(v1::ACTION_TOKEN_BULK_CANCEL, "acme/b1"),
              IsOkAndHolds("workspaces/acme/bulkRevocations/b1"));
  EXPECT_THAT(FullResourceName(v1::ACTION_POLICY_CHECK, "acme/ann"),
              IsOkAndHolds("workspaces/acme/members/ann"));
}

TEST(ResourceNameTest, AShortNameThatDoesNotSayWhatIsMeantIsRefusedWithTheFullOnes) {
  const struct {
    v1::Action action;
    std::string text;
    std::string workspace;
    std::string takes;
  } cases[] = {
      {v1::ACTION_TOKEN_REVOKE, "t1", "", "workspaces/*/tokens/* or services/*/tokens/*"},
      {v1::ACTION_TOKEN_ISSUE, "acme/ann", "", "workspaces/*"},
      {v1::ACTION_TOKEN_ISSUE, "acme", "workspaces/acme", "workspaces/* or apps/*"},
      {v1::ACTION_APP_CREATE, "acme/ci-bot", "", "workspaces/*"},
      {v1::ACTION_APP_UPDATE, "acme/ci-bot", "", "apps/*"},
      {v1::ACTION_WORKSPACE_UPDATE, "a/b/c", "", "workspaces/*"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(
        FullResourceName(one.action, one.text, one.workspace),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("give it in full: " + one.takes)))
        << one.text;
  }
}

TEST(ResourceNameTest, FullNamesHaveShortForms) {
  EXPECT_EQ(ShortName("workspaces/acme/approvalRequests/r1"), "acme/r1");
  EXPECT_EQ(ShortName("apps/ci-bot"), "ci-bot");
  EXPECT_EQ(ShortName("services/ci/tokens/t1"), "services/ci/tokens/t1");
  EXPECT_EQ(ShortName("operator"), "operator");
  EXPECT_EQ(SplitName("workspaces/acme/members/ann"),
            std::pair(std::string("workspaces/acme"), std::string("ann")));
}

TEST(SuggestTest, FindsWhatWasMeantAndNothingFarAway) {
  const std::vector<std::string> known = {"workspace", "member", "token", "verify"};
  EXPECT_EQ(ClosestTo("tokne", known), "token");
  EXPECT_EQ(ClosestTo("membr", known), "member");
  EXPECT_EQ(ClosestTo("work", known), "workspace");
  EXPECT_EQ(ClosestTo("banana", known), "");
  EXPECT_EQ(ClosestTo("", known), "");
  EXPECT_EQ(ClosestTo(std::string(10000, 'x'), known), "");
}

TEST(LooksLikeSecretTest, KnowsSecretsWhereverTheyStand) {
  const std::string secret = "lkb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM";
  const std::string other = absl::StrCat("acmebot", secret.substr(3));
  for (const std::string& argument :
       {secret, absl::StrCat("--secret=", secret), absl::StrCat("Bearer ", secret),
        secret.substr(0, 20), other, absl::StrCat(other, "x"), other.substr(0, 46),
        absl::StrCat("acme/", secret)}) {
    EXPECT_TRUE(LooksLikeSecret(argument)) << argument;
  }
  for (const std::string argument :
       {"", "acme", "workspaces/acme/tokens/t1", "lkb_", "can_manage_apps", "chat:write_all",
        "talks_calendar2026", "the_12thDraftOf2026", "/srv/walks_production/operator",
        "ACTION_TOKEN_ISSUE", "LATCHKEY_TOKEN", "/run/secrets/latchkey_token", "--request-id",
        "3f2a8c1e-9d4b-4c6a-8f10-1234567890ab"}) {
    EXPECT_FALSE(LooksLikeSecret(argument)) << argument;
  }
}

TEST(ParseTimeSpanTest, TakesTheUnitsOfPeople) {
  EXPECT_THAT(ParseTimeSpan("10s"), IsOkAndHolds(absl::Seconds(10)));
  EXPECT_THAT(ParseTimeSpan("2.5"), IsOkAndHolds(absl::Milliseconds(2500)));
  EXPECT_THAT(ParseTimeSpan("90d"), IsOkAndHolds(absl::Hours(90 * 24)));
  EXPECT_THAT(ParseTimeSpan("2w"), IsOkAndHolds(absl::Hours(14 * 24)));
  for (const char* text : {"", "soon", "-1s", "0", "d", "10 parsecs"}) {
    EXPECT_THAT(ParseTimeSpan(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace latchkey::cli
