string(STRIP "${ORPHANS}" ORPHANS)
if(ORPHANS)
  message(FATAL_ERROR "in no test target: ${ORPHANS}")
endif()
