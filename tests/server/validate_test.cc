// What errors about the form of a request say, and what they must not repeat.
#include "server/authority/validate.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/directory_service.pb.h"

namespace latchkey {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string MessageOf(const Validator& validator) {
  return std::string(validator.status().message());
}

TEST(ValidateTest, AnErrorShowsWhatItGot) {
  Validator validator;
  validator.Id("workspace_id", "Acme\n");
  EXPECT_THAT(MessageOf(validator),
              AllOf(HasSubstr("workspace_id is \"Acme\\n\""), HasSubstr("it takes 1 to 63")));
}

TEST(ValidateTest, WhatMayBeASecretInTheWrongFieldIsNotRepeated) {
  const std::string request_id = "5e2f1c7a-0a3b-4c5d-8e9f-001122334455";
  Validator validator;
  validator.Id("workspace_id", "lkb_" + std::string(49, 'A'));
  validator.Id("member_id", request_id + "_");
  Strings scopes;
  scopes.Add("lkb " + std::string(49, 'A'));
  validator.Scopes("scopes", scopes);
  EXPECT_THAT(MessageOf(validator),
              AllOf(HasSubstr("53 bytes"), Not(HasSubstr("AAAA")), Not(HasSubstr("5e2f1c7a"))));
}

TEST(ValidateTest, AnEnumErrorListsWhatItTakes) {
  Validator plan;
  plan.Enum("workspace.plan", static_cast<v1::Plan>(99));
  EXPECT_THAT(MessageOf(plan), HasSubstr("workspace.plan is 99; it takes FREE, STANDARD, PLUS"));
  Validator none;
  none.Enum("app.kind", v1::APP_KIND_UNSPECIFIED);
  EXPECT_THAT(MessageOf(none), HasSubstr("app.kind is not set; it takes INTERNAL, EXTERNAL"));
  Validator or_none;
  or_none.Enum("app.kind", v1::APP_KIND_UNSPECIFIED, /*or_none=*/true);
  EXPECT_TRUE(or_none.status().ok());
}

TEST(ValidateTest, AScopeThatTheAppDoesNotAskForIsNamed) {
  Strings asked;
  asked.Add("chat:write");
  asked.Add("users:read");
  Strings scopes;
  scopes.Add("users:read");
  scopes.Add("admin");
  EXPECT_TRUE(CheckScopesAreOf("apps/x", asked, "scopes", asked).ok());
  EXPECT_THAT(std::string(CheckScopesAreOf("apps/x", asked, "scopes", scopes).message()),
              AllOf(HasSubstr("scopes holds \"admin\", which apps/x does not ask for"),
                    HasSubstr("it takes chat:write, users:read")));
}

}  // namespace
}  // namespace latchkey
