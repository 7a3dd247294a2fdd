/* SPDX-License-Identifier: MIT
 *
 * Packages net, net/netip and net/url.
 */
#include <arpa/inet.h>

#include "values/meaning.h"

enum { IPV4_BYTES = 4, IPV6_BYTES = 16, HARDWARE_BYTES_MAX = 32 };

/* ---- net: ip.go, mac.go -------------------------------------------------------------------- */

static bool is_mapped(const uint8_t *bytes)
{
	static const uint8_t prefix[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static bool add_ip(struct text *text, const uint8_t *bytes, size_t length)
{
	char buffer[INET6_ADDRSTRLEN];

	if (length == IPV6_BYTES && is_mapped(bytes)) {
		bytes += IPV6_BYTES - IPV4_BYTES;
		length = IPV4_BYTES;
	}
	if (length != IPV4_BYTES && length != IPV6_BYTES)
		return false;
	text_add(text, inet_ntop(length == IPV4_BYTES ? AF_INET : AF_INET6, bytes, buffer,
				 sizeof(buffer)));
	return true;
}

static bool add_ip_of(struct value_reader *reader, const struct value_place *place,
		      struct text *text)
{
	int64_t length;
	const uint8_t *bytes = meaning_bytes(reader, place, IPV6_BYTES, &length);

	return bytes && length <= IPV6_BYTES && add_ip(text, bytes, (size_t)length);
}

bool meaning_ip(struct value_reader *reader, const struct value_place *place, struct text *text,
		unsigned depth)
{
	(void)depth;
	return add_ip_of(reader, place, text);
}

/* The number of leading ones of a mask that has no others; -1 otherwise. */
static int mask_bits(const uint8_t *bytes, size_t length)
{
	int bits = 0;
	bool over = false;

	for (size_t i = 0; i < length * 8; i++) {
		bool one = bytes[i / 8] >> (7 - i % 8) & 1;

		if (one && over)
			return -1;
		over = over || !one;
		bits += one;
	}
	return bits;
}

static bool add_mask(struct value_reader *reader, const struct value_place *place,
		     struct text *text, const char *before)
{
	int64_t length;
	const uint8_t *bytes = meaning_bytes(reader, place, IPV6_BYTES, &length);
	int bits;

	if (!bytes || (length != IPV4_BYTES && length != IPV6_BYTES))
		return false;
	bits = mask_bits(bytes, (size_t)length);
	if (bits < 0)
		return false;
	text_printf(text, "%s%d", before, bits);
	return true;
}

bool meaning_ip_mask(struct value_reader *reader, const struct value_place *place,
		     struct text *text, unsigned depth)
{
	(void)depth;
	return add_mask(reader, place, text, "/");
}

bool meaning_ip_net(struct value_reader *reader, const struct value_place *place, struct text *text,
		    unsigned depth)
{
	struct value_place ip, mask;

	(void)depth;
	return meaning_field(reader, place, "IP", &ip) && add_ip_of(reader, &ip, text) &&
	       meaning_field(reader, place, "Mask", &mask) && add_mask(reader, &mask, text, "/");
}

bool meaning_hardware_addr(struct value_reader *reader, const struct value_place *place,
			   struct text *text, unsigned depth)
{
	int64_t length;
	const uint8_t *bytes = meaning_bytes(reader, place, HARDWARE_BYTES_MAX, &length);

	(void)depth;
	if (!bytes || length > HARDWARE_BYTES_MAX)
		return false;
	for (int64_t i = 0; i < length; i++)
		text_printf(text, "%s%02x", i ? ":" : "", bytes[i]);
	return true;
}

/* net.TCPAddr, net.UDPAddr: { IP, Port, Zone } */
bool meaning_socket_addr(struct value_reader *reader, const struct value_place *place,
			 struct text *text, unsigned depth)
{
	struct text ip = { 0 };
	struct value_place at;
	int64_t port;

	(void)depth;
	if (!meaning_field(reader, place, "IP", &at) ||
	    !meaning_field_number(reader, place, "Port", &port))
		return false;
	if (add_ip_of(reader, &at, &ip) && strchr(ip.bytes, ':'))
		text_printf(text, "[%s]", ip.bytes);
	else if (ip.length)
		text_add(text, ip.bytes);
	text_printf(text, ":%lld", (long long)port);
	text_free(&ip);
	return true;
}

/* ---- net/netip: netip.go ------------------------------------------------------------------- */

/* What tells the kinds of addresses apart is `z`: a pointer to an intern.Value (to Go 1.22), or a
 * unique.Handle with a pointer to { isV6, zoneV6 }. Of either nil is no address at all. */
static bool zone_of(struct value_reader *reader, const struct value_place *place, bool *is_v6,
		    struct text *zone)
{
	struct value_place z, detail;
	int64_t word, v6;
	uint64_t z4;
	bool has_zone;

	if (!meaning_field(reader, place, "z", &z))
		return false;
	if (z.type->kind == GO_KIND_STRUCT) {
		if (!meaning_field(reader, &z, "value", &detail) ||
		    !meaning_number(reader, &detail, &word) || !word ||
		    !meaning_field_number(reader, &detail, "isV6", &v6))
			return false;
		*is_v6 = v6;
		return !v6 || meaning_add_string(reader, &detail, "zoneV6", zone);
	}
	if (!meaning_number(reader, &z, &word) || !word ||
	    !meaning_field(reader, &z, "cmpVal", &detail))
		return false;
	/* z4 and z6noz hold nothing, and differ by their addresses. */
	has_zone = !spy_error_caught(value_assert(reader, &detail, NULL, &detail));
	*is_v6 = has_zone;
	if (!has_zone) {
		if (!meaning_variable(reader, READER_NETIP_Z4, &z4))
			return false;
		*is_v6 = (uint64_t)word != z4;
	} else {
		int64_t length;
		const uint8_t *bytes = meaning_bytes(reader, &detail, MEANING_STRING_MAX, &length);

		if (!bytes || length > MEANING_STRING_MAX)
			return false;
		text_add_escaped(zone, (const char *)bytes, (size_t)length);
	}
	return true;
}

static bool add_netip(struct value_reader *reader, const struct value_place *place,
		      struct text *text)
{
	uint64_t words[2];
	int64_t high, low;
	struct text zone = { 0 };
	bool is_v6 = false, known;

	known = meaning_field_number(reader, place, "addr.hi", &high) &&
		meaning_field_number(reader, place, "addr.lo", &low) &&
		zone_of(reader, place, &is_v6, &zone);
	if (known) {
		char buffer[INET6_ADDRSTRLEN];

		words[0] = __builtin_bswap64((uint64_t)high);
		words[1] = __builtin_bswap64((uint64_t)low);
		if (is_v6)
			text_add(text, inet_ntop(AF_INET6, words, buffer, sizeof(buffer)));
		else
			add_ip(text, (const uint8_t *)words, IPV6_BYTES);
		if (zone.length)
			text_printf(text, "%%%s", zone.bytes);
	}
	text_free(&zone);
	return known;
}

bool meaning_netip_addr(struct value_reader *reader, const struct value_place *place,
			struct text *text, unsigned depth)
{
	(void)depth;
	return add_netip(reader, place, text);
}

bool meaning_netip_addr_port(struct value_reader *reader, const struct value_place *place,
			     struct text *text, unsigned depth)
{
	struct text ip = { 0 };
	struct value_place at;
	int64_t port;
	bool known = meaning_field(reader, place, "ip", &at) && add_netip(reader, &at, &ip) &&
		     meaning_field_number(reader, place, "port", &port);

	(void)depth;
	if (known)
		text_printf(text, strchr(ip.bytes, ':') ? "[%s]:%lld" : "%s:%lld", ip.bytes,
			    (long long)port);
	text_free(&ip);
	return known;
}

bool meaning_netip_prefix(struct value_reader *reader, const struct value_place *place,
			  struct text *text, unsigned depth)
{
	struct value_place at;
	int64_t bits;

	(void)depth;
	/* bitsPlusOne since Go 1.20; 0 is no prefix. */
	if (meaning_field_number(reader, place, "bitsPlusOne", &bits))
		bits--;
	else if (!meaning_field_number(reader, place, "bits", &bits))
		return false;
	if (bits < 0 || !meaning_field(reader, place, "ip", &at) || !add_netip(reader, &at, text))
		return false;
	text_printf(text, "/%lld", (long long)bits);
	return true;
}

/* ---- net/url: url.go, URL.String ----------------------------------------------------------- */

static bool has_string(struct value_reader *reader, const struct value_place *place,
		       const char *name)
{
	struct value_place at;
	int64_t length;

	return meaning_field(reader, place, name, &at) &&
	       !spy_error_caught(value_length(reader, &at, &length)) && length > 0;
}

static void add_part(struct value_reader *reader, const struct value_place *place, const char *name,
		     const char *before, const char *after, struct text *text)
{
	if (!has_string(reader, place, name))
		return;
	text_add(text, before);
	meaning_add_string(reader, place, name, text);
	text_add(text, after);
}

/* url.go: escape; `exempt` are those of the reserved characters that may stand there. */
static void add_url_bytes(const uint8_t *bytes, size_t size, const char *exempt, struct text *text)
{
	for (size_t i = 0; i < size; i++) {
		char byte = (char)bytes[i];
		bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			     (byte >= '0' && byte <= '9') ||
			     (byte && (strchr("-_.~", byte) || strchr(exempt, byte)));

		if (plain)
			text_add_bytes(text, &byte, 1);
		else
			text_printf(text, "%%%02X", bytes[i]);
	}
}

static void add_escaped_part(struct value_reader *reader, const struct value_place *place,
			     const char *name, const char *before, const char *exempt,
			     struct text *text)
{
	struct value_place at;
	const uint8_t *bytes;
	int64_t length;

	if (!has_string(reader, place, name) || !meaning_field(reader, place, name, &at))
		return;
	bytes = meaning_bytes(reader, &at, MEANING_STRING_MAX, &length);
	if (!bytes)
		return;
	text_add(text, before);
	add_url_bytes(bytes, length > MEANING_STRING_MAX ? MEANING_STRING_MAX : (size_t)length,
		      exempt, text);
	if (length > MEANING_STRING_MAX)
		text_add(text, "…");
}

/* What may stand unescaped in each part: url.go, shouldEscape. */
#define IN_USER     "$&+,;="
#define IN_PATH     "$&+,/:;=@"
#define IN_FRAGMENT "$&+,/:;=?@!()*"

bool meaning_url(struct value_reader *reader, const struct value_place *place, struct text *text,
		 unsigned depth)
{
	int64_t user = 0;

	(void)depth;
	if (!meaning_field_number(reader, place, "User", &user))
		return false;
	add_part(reader, place, "Scheme", "", ":", text);
	if (has_string(reader, place, "Opaque")) {
		add_part(reader, place, "Opaque", "", "", text);
	} else {
		if (has_string(reader, place, "Host") || user)
			text_add(text, "//");
		if (user) {
			add_escaped_part(reader, place, "User.username", "", IN_USER, text);
			/* url.URL.Redacted(): what is shown of a password. */
			if (has_string(reader, place, "User.password"))
				text_add(text, ":xxxxx");
			text_add(text, "@");
		}
		add_part(reader, place, "Host", "", "", text);
		if (has_string(reader, place, "RawPath"))
			add_part(reader, place, "RawPath", "", "", text);
		else
			add_escaped_part(reader, place, "Path", "", IN_PATH, text);
	}
	add_part(reader, place, "RawQuery", "?", "", text);
	add_escaped_part(reader, place, "Fragment", "#", IN_FRAGMENT, text);
	return text->length > 0;
}
