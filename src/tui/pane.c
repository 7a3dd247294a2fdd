/* SPDX-License-Identifier: MIT */
#include "tui/pane.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "tui/draw.h"

#define SECOND 1000000000ll

enum {
	SCALE_WIDTH = 6,   /* of the labels beside a plot; the axis is one more */
	TIME_APART = 13,   /* columns between two labels of the time */
	LINES_MAX = 6,     /* of a scale */
	GAP_INTERVALS = 3, /* readings that failed leave no gap, if they are fewer */
	CURVES_MAX = 16,
	MARKS_FROM = 8, /* rows of a pane, from which on collections have one of their own */
};

/* A curve of this pane: of the kind, or of one of several processes. */
struct drawn_curve {
	const struct subject *subject;
	const char *name, *brief;
	char pid[24]; /* what `name` is, where processes are told by it */
	enum series value, drawn;
	enum plot_form form;
	uint8_t style;
	char letter;
};

/* What drawing one needs. */
struct drawing {
	const struct pane *pane;
	const struct picture *picture;
	const struct place *place;
	struct plot *plot;
	struct pane_span span;
	struct drawn_curve curves[CURVES_MAX];
	size_t count;
	int top;               /* the first row of the plot */
	struct plot_bin *bins; /* plot_dots() for each curve */
	size_t dots;
};

struct pane_span pane_span(const struct picture *picture, const struct place *place)
{
	struct pane_span span = { .column = place->column + SCALE_WIDTH + 1,
				  .columns = place->width - SCALE_WIDTH - 2 };
	int64_t dots, dot_ns;

	if (span.columns < 1)
		span.columns = 1;
	dots = (int64_t)plot_dots(screen_glyphs(), span.columns);
	dot_ns = picture->range_ns / dots;
	if (dot_ns < 1)
		dot_ns = 1;
	/* Dots stand at fixed moments: the picture moves by whole ones and does not shimmer. */
	span.to = (picture->end + dot_ns - 1) / dot_ns * dot_ns;
	span.from = span.to - dots * dot_ns;
	return span;
}

/* ---- curves ------------------------------------------------------------------------------- */

/* One of each process. */
static void list_processes(struct drawing *drawing)
{
	const struct pane *pane = drawing->pane;
	const struct pane_kind *kind = pane->kind;
	size_t i;

	for (i = 0; i < pane->count && i < CURVES_MAX; i++) {
		struct drawn_curve *curve = &drawing->curves[drawing->count++];

		*curve = (struct drawn_curve){
			.subject = pane->subjects[i],
			.name = pane->subjects[i]->name,
			.brief = "",
			.value = kind->main,
			.drawn = kind->main,
			.form = kind->curves[0].form == PLOT_IMPULSES ? PLOT_IMPULSES : PLOT_LINE,
			.style = (uint8_t)(STYLE_SERIES + i % SERIES),
			.letter = (char)('a' + i),
		};
		snprintf(curve->pid, sizeof(curve->pid), "%lld", (long long)curve->subject->pid);
		if (pane->pids)
			curve->name = curve->pid;
	}
}

static void list_curves(struct drawing *drawing)
{
	const struct pane *pane = drawing->pane;
	const struct pane_kind *kind = pane->kind;
	size_t i;

	if (pane->count > 1)
		list_processes(drawing);
	for (i = 0; pane->count == 1 && i < PANE_CURVES && kind->curves[i].name; i++)
		drawing->curves[drawing->count++] = (struct drawn_curve){
			.subject = pane->subjects[0],
			.name = kind->curves[i].name,
			.brief = kind->curves[i].brief,
			.value = kind->curves[i].series,
			.drawn = kind->curves[i].drawn,
			.form = kind->curves[i].form,
			.style = (uint8_t)(STYLE_SERIES + kind->curves[i].colour),
			.letter = kind->curves[i].letter,
		};
}

/* Fills the bins of all curves; the widest gap between two points of one. */
static size_t fill_bins(struct drawing *drawing)
{
	int64_t dot_ns = (drawing->span.to - drawing->span.from) / (int64_t)drawing->dots;
	int64_t gap = 1;
	size_t i;

	for (i = 0; i < drawing->count; i++) {
		const struct drawn_curve *curve = &drawing->curves[i];
		struct plot_bin *bins = drawing->bins + i * drawing->dots;
		int64_t merged = 1, wide;

		if (curve->drawn == SERIES_GC_PAUSE)
			history_pause_bins(&curve->subject->history, drawing->span.from,
					   drawing->span.to, bins, drawing->dots);
		else
			merged =
			    history_bins(&curve->subject->history, curve->drawn, drawing->span.from,
					 drawing->span.to, bins, drawing->dots);
		wide = GAP_INTERVALS * merged * curve->subject->interval_ns / dot_ns + 1;
		gap = wide > gap ? wide : gap;
	}
	return (size_t)gap;
}

/* The least and greatest of what is drawn; of a logarithmic scale what is above 0. */
static void find_range(const struct drawing *drawing, bool positive, double *low, double *high)
{
	size_t i;

	*low = *high = NAN;
	for (i = 0; i < drawing->count * drawing->dots; i++) {
		const struct plot_bin *bin = &drawing->bins[i];

		if (isnan(bin->low) || (positive && bin->high <= 0))
			continue;
		if (!(*low <= bin->low) && !(positive && bin->low <= 0))
			*low = bin->low;
		if (!(*high >= bin->high))
			*high = bin->high;
	}
}

/* ---- the scale ---------------------------------------------------------------------------- */

static void put_axis(const struct drawing *drawing, int row, bool label)
{
	bool unicode = screen_glyphs() != GLYPHS_ASCII;

	draw_glyph(drawing->top + row, drawing->place->column + SCALE_WIDTH, STYLE_DIM,
		   label     ? unicode ? 0x2524 : '+'
		   : unicode ? 0x2502
			     : '|');
}

static void put_label(const struct drawing *drawing, double value)
{
	char label[PLOT_LABEL_MAX];
	int row = plot_row(drawing->plot, value);

	if (row < 0 || row >= drawing->plot->rows)
		return;
	draw_right(drawing->top + row, drawing->place->column, SCALE_WIDTH, STYLE_DIM,
		   plot_label(value, drawing->pane->kind->unit, label));
	put_axis(drawing, row, true);
}

/* Lines that have room in so many rows, one of which is for the lowest. */
static int lines_in(int rows)
{
	int lines = rows / 2;

	return lines < 1 ? 1 : lines > LINES_MAX ? LINES_MAX : lines;
}

/* Labels from the lower edge to the upper, each a step above the one before, or so many times it.
 */
static void draw_scale(const struct drawing *drawing, double step)
{
	struct plot *plot = drawing->plot;
	double value = plot->bottom;
	int row;

	for (row = 0; row < plot->rows; row++)
		put_axis(drawing, row, false);
	while (value < plot->top * 1.001) {
		put_label(drawing, value);
		value = plot->logarithmic ? value * step : value + step;
	}
}

/* By how much two labels of a logarithmic scale differ; its upper edge is moved to one. */
static double spread_decades(struct plot *plot)
{
	int decades = (int)(log10(plot->top / plot->bottom) + 0.5), lines = lines_in(plot->rows);
	int apart = (decades + lines - 1) / lines, labels = (decades + apart - 1) / apart;

	plot->top = plot->bottom * pow(10, (double)labels * apart);
	return pow(10, apart);
}

static void choose_scale(const struct drawing *drawing)
{
	struct plot *plot = drawing->plot;
	struct plot_scale scale;
	double low, high;

	plot->logarithmic = drawing->pane->logarithmic;
	find_range(drawing, plot->logarithmic, &low, &high);
	if (plot->logarithmic) {
		if (isnan(high))
			low = high = drawing->pane->kind->unit == PLOT_DURATION ? 1e3 : 1;
		plot_decades(isnan(low) ? high : low, high, &plot->bottom, &plot->top);
		draw_scale(drawing, spread_decades(plot));
		return;
	}
	scale = plot_scale_for(high, drawing->pane->kind->unit, lines_in(plot->rows));
	plot->top = scale.top;
	draw_scale(drawing, scale.step);
}

/* ---- the plot ----------------------------------------------------------------------------- */

static void show_plot(const struct drawing *drawing)
{
	const struct plot *plot = drawing->plot;
	int row, column;

	for (row = 0; row < plot->rows; row++)
		for (column = 0; column < plot->columns; column++) {
			const struct plot_cell *cell = &plot->cells[row * plot->columns + column];

			if (cell->point != ' ')
				draw_glyph(drawing->top + row, drawing->span.column + column,
					   cell->style, cell->point);
		}
}

/* The column of a moment; -1 outside. */
static int column_of(const struct pane_span *span, int64_t at)
{
	if (at <= span->from || at > span->to)
		return -1;
	return (int)((double)(at - span->from - 1) / (double)(span->to - span->from) *
		     span->columns);
}

/* A line over the whole height, behind the curves. */
static void draw_moment(const struct drawing *drawing, int64_t at, enum style style, uint32_t point)
{
	const struct plot *plot = drawing->plot;
	int column = column_of(&drawing->span, at), row;

	if (column < 0 || column >= plot->columns)
		return;
	for (row = 0; row < plot->rows; row++) {
		int at_row = drawing->top + row;

		if (plot->cells[row * plot->columns + column].point == ' ')
			draw_glyph(at_row, drawing->span.column + column, style, point);
		else if (style == STYLE_PLAIN)
			draw_restyle(at_row, drawing->span.column + column, 1, STYLE_BOLD);
	}
}

/* Where processes ended, and others of their names began. */
static void draw_marks(const struct drawing *drawing)
{
	static const uint32_t points[] = {
		[GLYPHS_ASCII] = ':', [GLYPHS_BLOCKS] = 0x2502, [GLYPHS_BRAILLE] = 0x250a
	};
	size_t i, k;

	for (i = 0; i < drawing->pane->count; i++) {
		const struct subject *subject = drawing->pane->subjects[i];

		for (k = 0; k < subject->mark_count; k++)
			draw_moment(drawing, subject->marks[k].at,
				    subject->marks[k].ended ? STYLE_BAD : STYLE_GOOD,
				    points[screen_glyphs()]);
	}
}

static bool marks_collections(const struct pane *pane, const struct picture *picture)
{
	return pane->count == 1 && (pane->kind->marks || picture->marks);
}

/* Small marks above the plot. Where there is no row for them they stand in its uppermost. Where
 * most columns have one they tell nothing, and are left out. */
static void draw_collections(const struct drawing *drawing)
{
	size_t columns = (size_t)drawing->span.columns, wide = drawing->dots / columns, i;
	bool *marked _cleanup_free_ = memory_zeroed(columns, sizeof(*marked));
	struct plot_bin *bins = drawing->bins;
	size_t count = 0;

	if (!marks_collections(drawing->pane, drawing->picture))
		return;
	history_pause_bins(&drawing->pane->subjects[0]->history, drawing->span.from,
			   drawing->span.to, bins, drawing->dots);
	for (i = 0; i < drawing->dots; i++)
		marked[i / wide] = marked[i / wide] || !isnan(bins[i].high);
	for (i = 0; i < columns; i++)
		count += marked[i];
	for (i = 0; i < columns && count <= columns / 2; i++)
		if (marked[i])
			draw_glyph(drawing->place->row + 1, drawing->span.column + (int)i,
				   STYLE_SERIES + 3,
				   screen_glyphs() == GLYPHS_BRAILLE ? 0x2575 : '\'');
}

static void draw_curves(struct drawing *drawing)
{
	size_t i;

	for (i = 0; i < drawing->count; i++) {
		const struct drawn_curve *curve = &drawing->curves[i];
		struct plot_curve drawn = { .bins = drawing->bins + i * drawing->dots,
					    .form = curve->form,
					    .style = curve->style,
					    .letter = drawing->count > 1 ? curve->letter : 0 };

		plot_curve(drawing->plot, &drawn);
	}
	show_plot(drawing);
}

/* ---- title and time ----------------------------------------------------------------------- */

/* A value at the cursor, or the last there is. */
static double value_of(const struct drawing *drawing, const struct drawn_curve *curve)
{
	const struct picture *picture = drawing->picture;
	const struct history *history = &curve->subject->history;
	bool at_cursor = picture->cursor != INT64_MIN;
	int64_t at = at_cursor ? picture->cursor : picture->newest ? INT64_MAX : picture->end;
	int64_t within = at_cursor ? GAP_INTERVALS * curve->subject->interval_ns : INT64_MAX;
	struct sample sample;

	if (curve->value == SERIES_GC_PAUSE) {
		int64_t ns = history_last_pause(history, at);

		return ns == SPY_UNKNOWN ? NAN : (double)ns;
	}
	if (at == INT64_MAX)
		at = history->last.at;
	return history_at(history, at, within, &sample) ? sample.values[curve->value] : NAN;
}

enum form {
	FORM_LONG,
	FORM_BRIEF,  /* brief names */
	FORM_VALUES, /* a letter for the name */
	FORM_LEAST,  /* the same, and values in three digits */
	FORMS,
};

static const char *name_in(const struct drawn_curve *curve, enum form form)
{
	return form == FORM_LONG ? curve->name : form == FORM_BRIEF ? curve->brief : "";
}

/* "■ user 73.0%", or "u 73.0%", from a column on, within `width`; the columns it took. Nothing is
 * drawn with `measure`. */
static int draw_value(const struct drawing *drawing, const struct drawn_curve *curve,
		      enum form form, int column, int width, bool measure)
{
	char value[PLOT_VALUE_MAX];
	const char *name = name_in(curve, form);
	int row = drawing->place->row, used = 0;
	int name_width = (int)fit_width(name, strlen(name), screen_unicode());

	if (form == FORM_LEAST)
		plot_least(value_of(drawing, curve), drawing->pane->kind->unit, value);
	else
		plot_value(value_of(drawing, curve), drawing->pane->kind->unit, value);
	if (measure || 2 + name_width + 1 + (int)strlen(value) > width)
		return 2 + name_width + (name_width ? 1 : 0) + (int)strlen(value);
	if ((drawing->picture->letters || form >= FORM_VALUES) && curve->letter &&
	    drawing->count > 1)
		draw_format(row, column, 1, curve->style, "%c", curve->letter);
	else
		draw_glyph(row, column, curve->style,
			   screen_glyphs() == GLYPHS_ASCII ? '#' : 0x25a0);
	used = 2 + draw_text(row, column + 2, name_width, STYLE_PLAIN, name);
	used += name_width ? 1 : 0;
	return used + draw_text(row, column + used, width - used, STYLE_BOLD, value);
}

static int gap_in(enum form form)
{
	return form == FORM_LEAST ? 1 : 2;
}

static int measure_values(const struct drawing *drawing, enum form form)
{
	int used = 0;
	size_t i;

	for (i = 0; i < drawing->count; i++)
		used += draw_value(drawing, &drawing->curves[i], form, 0, 0, true) + gap_in(form);
	return used - gap_in(form);
}

static void draw_values(const struct drawing *drawing, int column, int width)
{
	enum form form = FORM_LONG;
	size_t i;

	while (form + 1 < FORMS && measure_values(drawing, form) > width)
		form++;
	for (i = 0; i < drawing->count; i++) {
		const struct drawn_curve *curve = &drawing->curves[i];
		int needed = draw_value(drawing, curve, form, 0, 0, true);

		if (needed > width)
			break;
		draw_value(drawing, curve, form, column, width, false);
		column += needed + gap_in(form);
		width -= needed + gap_in(form);
	}
}

/* Collections a second stand beside their pauses. */
static int draw_rate(const struct drawing *drawing, int column, int width)
{
	const struct drawn_curve rate = { .subject = drawing->pane->subjects[0],
					  .value = SERIES_GC_RATE };
	double value = drawing->pane->kind->main == SERIES_GC_PAUSE && drawing->pane->count == 1
			   ? value_of(drawing, &rate)
			   : NAN;

	return isnan(value) ? 0
			    : 2 + draw_format(drawing->place->row, column, width, STYLE_BOLD,
					      "%.1f/s", value);
}

static void draw_title(const struct drawing *drawing)
{
	const struct pane *pane = drawing->pane;
	const struct place *place = drawing->place;
	int column = place->column + 1, end = place->column + place->width - 1;
	enum style style = pane->selected ? STYLE_SELECTED : STYLE_BOLD;

	if (pane->named && pane->pids)
		column += draw_format(place->row, column, end - column, STYLE_DIM, "%lld",
				      (long long)pane->subjects[0]->pid) +
			  1;
	else if (pane->named)
		column += draw_bytes(place->row, column, (end - column) / 3, STYLE_DIM,
				     pane->subjects[0]->name, strlen(pane->subjects[0]->name),
				     FIT_MIDDLE) +
			  1;
	column += draw_text(place->row, column, end - column, style, pane->kind->title) + 2;
	column += draw_rate(drawing, column, end - column);
	draw_values(drawing, column, end - column);
}

static void draw_time_axis(const struct drawing *drawing)
{
	const struct pane_span *span = &drawing->span;
	int row = drawing->top + drawing->plot->rows, column, last = 0;
	int64_t range = (span->to - span->from) / SECOND + 1, step, at;
	bool unicode = screen_glyphs() != GLYPHS_ASCII;
	struct tm local;
	time_t zero = span->from / SECOND;

	draw_glyph(row, drawing->place->column + SCALE_WIDTH, STYLE_DIM, unicode ? 0x2514 : '+');
	for (column = 0; column < span->columns; column++)
		draw_glyph(row, span->column + column, STYLE_DIM, unicode ? 0x2500 : '-');
	step = plot_time_step((range * TIME_APART + span->columns - 1) / span->columns);
	if (!localtime_r(&zero, &local))
		return;
	at = (zero + local.tm_gmtoff) / step * step - local.tm_gmtoff;
	for (; at * SECOND <= span->to; at += step) {
		char label[16];
		time_t seconds = at;
		int length;

		column = column_of(span, at * SECOND);
		if (column < 0 || !localtime_r(&seconds, &local))
			continue;
		length =
		    (int)strftime(label, sizeof(label), step % 60 ? "%H:%M:%S" : "%H:%M", &local);
		column -= length / 2;
		if (column < last || column + length > span->columns)
			continue;
		draw_text(row, span->column + column, length, STYLE_DIM, label);
		last = column + length + 1;
	}
}

void pane_draw(const struct pane *pane, const struct picture *picture, const struct place *place,
	       struct plot *plot)
{
	struct drawing drawing = { .pane = pane,
				   .picture = picture,
				   .place = place,
				   .plot = plot,
				   .span = pane_span(picture, place) };
	size_t gap;

	list_curves(&drawing);
	draw_title(&drawing);
	drawing.top = place->row + 1;
	if (place->height >= MARKS_FROM && marks_collections(pane, picture))
		drawing.top++;
	plot_begin(plot, screen_glyphs(), drawing.span.columns,
		   place->row + place->height - drawing.top - pane->time_axis);
	plot->letters = picture->letters;
	drawing.dots = plot_dots(plot->glyphs, plot->columns);
	drawing.bins = memory_new(drawing.dots * (drawing.count + 1), sizeof(*drawing.bins));
	gap = fill_bins(&drawing);
	choose_scale(&drawing);
	plot->gap = gap;
	draw_curves(&drawing);
	draw_collections(&drawing);
	draw_marks(&drawing);
	if (picture->cursor != INT64_MIN)
		draw_moment(&drawing, picture->cursor, STYLE_PLAIN,
			    screen_glyphs() == GLYPHS_ASCII ? '|' : 0x2502);
	if (pane->time_axis)
		draw_time_axis(&drawing);
	free(drawing.bins);
}
