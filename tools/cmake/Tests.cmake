# TSan cannot map its shadow memory where the kernel randomises addresses too much.
set(LATCHKEY_TEST_LAUNCHER "")
if(LATCHKEY_TSAN)
  execute_process(COMMAND setarch -R true RESULT_VARIABLE latchkey_setarch ERROR_QUIET)
  if(latchkey_setarch EQUAL 0)
    set(LATCHKEY_TEST_LAUNCHER setarch -R)
  endif()
endif()

# latchkey_test(<path> [SRCS ...] [DEPS ...] [TIMEOUT <seconds>] [LABELS ...])
#
# Makes one test executable of <path>.cc (from the current folder) and SRCS, linked with DEPS,
# latchkey::testing and GoogleTest's main, and adds it to ctest. Its name is its path from tests/
# with underscores: base/clock_test is base_clock_test. It runs with a folder of its own as
# TEST_TMPDIR. The default TIMEOUT is 60 seconds.
function(latchkey_test path)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SRCS;DEPS;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(LATCHKEY_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR}/${path})
  string(REPLACE "/" "_" name ${name})

  latchkey_executable(${name} LAYER testing SRCS ${path}.cc ${arg_SRCS}
                      DEPS ${arg_DEPS} latchkey::testing GTest::gmock_main)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)

  set(scratch ${PROJECT_BINARY_DIR}/tests/tmp/${name})
  file(MAKE_DIRECTORY ${scratch})
  add_test(NAME ${name} COMMAND ${LATCHKEY_TEST_LAUNCHER} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" WORKING_DIRECTORY ${scratch}
    ENVIRONMENT "TEST_TMPDIR=${scratch}")
endfunction()
