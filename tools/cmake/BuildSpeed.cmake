# Uses ccache and mold where they are installed; neither is needed.
find_program(LATCHKEY_CCACHE ccache)
if(LATCHKEY_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LATCHKEY_CCACHE})
endif()

find_program(LATCHKEY_MOLD mold)
if(LATCHKEY_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
