# The program as an extension module of Python, for python3 itself to run (ucorn/py/reexec.h), where
# that is more than a program around the library that is embedded.
#
# Its name has the version: a program finds its own, and embeds Python if there is another one.
include(GNUInstallDirs)
include(CheckSymbolExists)

set(module_name ucorn-${PROJECT_VERSION})
set(module_folder ${CMAKE_INSTALL_LIBDIR}/ucorn)
file(RELATIVE_PATH way ${CMAKE_INSTALL_FULL_SBINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/ucorn)
set(module_python "") # the one that runs it

check_symbol_exists(__GLIBC__ features.h HAVE_GLIBC) # it gives a library main's arguments, too
if(PYTHON_USES_LIBRARY STREQUAL "False" AND HAVE_GLIBC AND
		EV_LIBRARY MATCHES "\\.a$" AND
		UCORN_MODULE AND NOT (UCORN_SANITIZE OR UCORN_PYDEBUG))
	set(module_python ${PYTHON_PROGRAM})
	message(STATUS "running as ${module_python} where that is the user's python3")
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
	set(CMAKE_C_VISIBILITY_PRESET hidden)
	# Not looked up by each access: the module is there before the first thread.
	target_compile_options(ucorn_flags INTERFACE -ftls-model=initial-exec)
	# Debian's archive of libev is for programs, which may look at libc's variable stderr in a way
	# that libraries may not; in the module's copy it is one of ours (conn/reactor_state.h).
	set(ev_archive ${CMAKE_BINARY_DIR}/libev-module.a)
	add_custom_command(OUTPUT ${ev_archive} DEPENDS ${EV_LIBRARY}
		COMMAND ${CMAKE_OBJCOPY} --redefine-sym stderr=reactor_stderr ${EV_LIBRARY} ${ev_archive})
	add_custom_target(ev_archive DEPENDS ${ev_archive})
	add_library(dep_ev_module INTERFACE)
	target_link_libraries(dep_ev_module INTERFACE dep_ev_headers ${ev_archive})
	target_link_options(dep_ev_module INTERFACE -Wl,--exclude-libs,ALL)
endif()

# After the folders.
macro(ucorn_add_module)
	target_compile_definitions(layer_py PRIVATE UCORN_MODULE_FILE="${module_name}.so"
		UCORN_MODULE_FOLDER="${way}" UCORN_MODULE_PYTHON="${module_python}")
	if(module_python)
		ucorn_module(module src/main.c)
		set_target_properties(module PROPERTIES PREFIX "" OUTPUT_NAME ${module_name})
		add_dependencies(module ev_archive)
		add_dependencies(ucorn module) # else the program might find one of other sources
		install(TARGETS module LIBRARY DESTINATION ${module_folder})
	endif()
endmacro()
