/* Rows of the settings table, which settings_table.c is about.
 *
 * What comes over the wire: PROXY headers, TLS, HTTP and its leniencies. */
#include "rows.h"

static const struct setting_choice proxy_modes[] = {
	{"off", "off"},	  {"false", "off"}, {"0", "off"}, {"none", "off"}, {"auto", "auto"},
	{"true", "auto"}, {"1", "auto"},    {"v1", "v1"}, {"v2", "v2"},	   {NULL, NULL}};
static const struct setting_choice http2_modes[] = {{"false", "off"},
						    {"true", "prior-knowledge"},
						    {"off", "off"},
						    {"prior-knowledge", "prior-knowledge"},
						    {"upgrade", "upgrade"},
						    {"both", "both"},
						    {NULL, NULL}};
static const struct setting_choice header_maps[] = {
	{"drop", "drop"}, {"refuse", "refuse"}, {"dangerous", "dangerous"}, {NULL, NULL}};

static const struct setting rows[] = {
	{
		STRING_FIELD(proxy_protocol, setting_choice),
		.flags = {"--proxy-protocol"},
		.metavar = "MODE",
		.default_text = "off",
		.flag_text = "auto",
		.choices = proxy_modes,
		.refusal = "proxy_protocol must be: off, v1, v2, or auto",
		.status = SETTING_REFUSED,
		.note = "ucorn does not read PROXY headers yet; let the proxy speak HTTP and send "
			"X-Forwarded-Proto.",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Which PROXY header connections begin with: off, v1, v2, or any (auto).",
	},
	{
		STRING_FIELD(proxy_allow_ips, setting_addresses),
		.flags = {"--proxy-allow-from"},
		.metavar = "PROXY_ALLOW_IPS",
		.default_text = "127.0.0.1,::1",
		.status = SETTING_REFUSED,
		.note = "ucorn does not read PROXY headers yet; let the proxy speak HTTP and send "
			"X-Forwarded-Proto.",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Who may send PROXY headers: addresses and networks, separated by "
			       "commas, or *.",
	},
	{
		FIELD(protocol),
		.flags = {"--protocol"},
		.metavar = "STRING",
		.default_text = "http",
		.status = SETTING_REFUSED,
		.note = "ucorn speaks HTTP only; have nginx use proxy_pass, not uwsgi_pass.",
		.section = SECTION_SERVER_MECHANICS,
		.description = "What the sockets speak: only http is offered.",
	},
	{
		STRING_FIELD(uwsgi_allow_ips, setting_addresses),
		.flags = {"--uwsgi-allow-from"},
		.metavar = "UWSGI_ALLOW_IPS",
		.default_text = "127.0.0.1,::1",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP only.",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Not offered, since ucorn speaks HTTP only: who may speak uwsgi.",
	},
	{
		FIELD(keyfile),
		.flags = {"--keyfile"},
		.metavar = "FILE",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "The file with the private key for TLS.",
	},
	{
		FIELD(certfile),
		.flags = {"--certfile"},
		.metavar = "FILE",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "The file with the certificate for TLS.",
	},
	{
		STRING_FIELD(ssl_version, setting_any),
		.flags = {"--ssl-version"},
		.metavar = "SSL_VERSION",
		.default_text = "2",
		.status = SETTING_NOT_OFFERED,
		.note = "use the ssl_context hook to choose the versions of TLS.",
		.section = SECTION_SSL,
		.description =
			"Taken for compatibility: an ssl_context hook chooses the versions of TLS.",
	},
	{
		FIELD(cert_reqs),
		.flags = {"--cert-reqs"},
		.metavar = "CERT_REQS",
		.default_text = "0",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "Whether clients need a certificate: 0 no, 1 it is checked if there "
			       "is one, 2 yes.",
	},
	{
		FIELD(ca_certs),
		.flags = {"--ca-certs"},
		.metavar = "FILE",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "The file with the authorities whose certificates clients may show.",
	},
	{
		FIELD(suppress_ragged_eofs),
		.flags = {"--suppress-ragged-eofs"},
		.default_text = "true",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "Take a TLS connection that just ends for one that was closed.",
	},
	{
		FIELD(do_handshake_on_connect),
		.flags = {"--do-handshake-on-connect"},
		.default_text = "false",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "Shake hands as soon as a client has connected.",
	},
	{
		FIELD(ciphers),
		.flags = {"--ciphers"},
		.metavar = "CIPHERS",
		.status = SETTING_REFUSED,
		.note = "ucorn does not speak TLS yet; let a proxy before it do that.",
		.section = SECTION_SSL,
		.description = "The ciphers for TLS, as OpenSSL names them.",
	},
	{
		STRING_FIELD(http_protocols, setting_protocols),
		.flags = {"--http-protocols"},
		.metavar = "STRING",
		.default_text = "h1",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "The versions of HTTP that are offered to clients: only h1.",
	},
	{
		STRING_FIELD(http2_cleartext, setting_choice),
		.flags = {"--http2-cleartext"},
		.metavar = "STRING",
		.default_text = "off",
		.choices = http2_modes,
		.refusal = "Invalid http2_cleartext:",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "Not offered: HTTP/2 without TLS.",
	},
	{
		FIELD(http2_max_concurrent_streams),
		.flags = {"--http2-max-concurrent-streams"},
		.metavar = "INT",
		.default_text = "100",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "Not offered, as HTTP/2 is not: requests at a time on a connection.",
	},
	{
		FIELD(http2_initial_window_size),
		.flags = {"--http2-initial-window-size"},
		.metavar = "INT",
		.default_text = "65535",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "Not offered, as HTTP/2 is not: the window of a stream.",
	},
	{
		FIELD(http2_max_frame_size),
		.flags = {"--http2-max-frame-size"},
		.metavar = "INT",
		.default_text = "16384",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "Not offered, as HTTP/2 is not: the size of a frame.",
	},
	{
		FIELD(http2_max_header_list_size),
		.flags = {"--http2-max-header-list-size"},
		.metavar = "INT",
		.default_text = "65536",
		.status = SETTING_NOT_OFFERED,
		.note = "ucorn speaks HTTP/1.1; let a proxy before it speak HTTP/2.",
		.section = SECTION_HTTP2,
		.description = "Not offered, as HTTP/2 is not: the size of all header fields.",
	},
	{
		FIELD(raw_paste_global_conf),
		.flags = {"--paste-global"},
		.metavar = "CONF",
		.section = SECTION_SERVER_MECHANICS,
		.description = "A variable for the PasteDeploy file, NAME=VALUE. Give the option "
			       "again for each further one.",
	},
	{
		FIELD(permit_obsolete_folding),
		.flags = {"--permit-obsolete-folding"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept header fields that go on in the next line. Unsafe behind a "
			       "proxy that reads them in another way.",
	},
	{
		FIELD(strip_header_spaces),
		.flags = {"--strip-header-spaces"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept blanks between the name of a header field and its colon. "
			       "Unsafe behind a proxy that reads them in another way.",
	},
	{
		FIELD(permit_unconventional_http_method),
		.flags = {"--permit-unconventional-http-method"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Accept every method that the standard allows: also those with small "
			"letters or #, shorter than 3 or longer than 20 characters.",
	},
	{
		FIELD(permit_unconventional_http_version),
		.flags = {"--permit-unconventional-http-version"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Accept HTTP versions other than 1.x.",
	},
	{
		FIELD(casefold_http_method),
		.flags = {"--casefold-http-method"},
		.default_text = "false",
		.section = SECTION_SERVER_MECHANICS,
		.description = "Turn methods into capitals, after they were checked.",
	},
	{
		STRING_FIELD(forwarder_headers, setting_commas),
		.flags = {"--forwarder-headers"},
		.metavar = "STRING",
		.default_text = "SCRIPT_NAME,PATH_INFO",
		.section = SECTION_SERVER_MECHANICS,
		.description =
			"Header fields with an underscore in their name that are passed on "
			"for a proxy of --forwarded-allow-ips, separated by commas, or * for "
			"all.",
	},
	{
		STRING_FIELD(header_map, setting_choice),
		.flags = {"--header-map"},
		.metavar = "STRING",
		.default_text = "drop",
		.choices = header_maps,
		.refusal = "Invalid header map behaviour:",
		.section = SECTION_SERVER_MECHANICS,
		.description = "What to do with other header fields that have an underscore in "
			       "their name: drop them, refuse the request, or pass them on "
			       "(dangerous), where they cannot be told from those with a hyphen.",
	},
};

const struct setting_rows rows_protocol = {rows, ARRAY_LEN(rows)};
