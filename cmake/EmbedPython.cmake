# Embeds the Python modules below src/pylib in the program: the generated pylib.inc, which
# src/py/pylib.c includes, has the source and the bytecode of each.
set(pylib ${CMAKE_SOURCE_DIR}/src/pylib)
set(embed ${CMAKE_SOURCE_DIR}/cmake/embed_python.py)
set(pylib_inc ${CMAKE_BINARY_DIR}/generated/pylib.inc)
file(GLOB_RECURSE modules CONFIGURE_DEPENDS ${pylib}/*.py)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
add_custom_command(OUTPUT ${pylib_inc}
	COMMAND ${UCORN_PYTHON} -I ${embed} ${pylib} ${pylib_inc}
	DEPENDS ${embed} ${modules})
target_sources(layer_py PRIVATE ${pylib_inc})
target_include_directories(layer_py PRIVATE ${CMAKE_BINARY_DIR}/generated)
