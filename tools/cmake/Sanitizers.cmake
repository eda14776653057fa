# LATCHKEY_SANITIZE: "", "address,undefined" or "thread". The presets asan and tsan set it.
set(LATCHKEY_SANITIZE "" CACHE STRING "Sanitizers of the whole build, as -fsanitize= takes them")

set(LATCHKEY_TSAN OFF)
if(LATCHKEY_SANITIZE)
  add_compile_options(-fsanitize=${LATCHKEY_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LATCHKEY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What the sanitizers add to the code makes it guess wrong. They find the real cases.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()
if(LATCHKEY_SANITIZE STREQUAL "thread")
  set(LATCHKEY_TSAN ON)
  add_compile_definitions(LATCHKEY_TSAN=1)
endif()
