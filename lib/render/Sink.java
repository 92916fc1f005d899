package lib.render;

import freemarker.template.TemplateModelException;
import java.io.IOException;
import java.io.Writer;
import java.util.Arrays;

/** A whole output in memory: UTF-8, bounded in size and time, and watched by a lexer where the format has one. */
final class Sink extends Writer {
    private final Quoted.Lexer lexer;
    private final int maxBytes;
    private byte[] bytes = new byte[1 << 14];
    private int length;
    private char high;
    private StringBuilder held;

    /** @param lexer null for formats without quotes to watch */
    Sink(Quoted.Lexer lexer, int maxBytes) {
        this.lexer = lexer;
        this.maxBytes = maxBytes;
    }

    void interpolate(String escapedText) throws IOException {
        if (lexer != null) {
            var objection = lexer.objection(escapedText);
            if (objection != null) {
                throw located("this interpolation cannot print text: " + objection);
            }
        }
        int end = escapedText.length();
        for (int i = 0; i < end; i++) {
            i = high == 0 ? ordinary(escapedText, i, end) : i;
            if (i < end) {
                put(escapedText.charAt(i));
            }
        }
    }

    private void text(char c) throws IOException {
        if (c == Quoted.OPEN && held == null && lexer != null) {
            held = new StringBuilder();
        } else if (held == null) {
            put(c);
            if (lexer != null) {
                lexer.next(c);
            }
        } else if (c == Quoted.CLOSE) {
            var interpolated = held.toString();
            held = null;
            interpolate(interpolated);
        } else {
            held.append(c);
        }
    }

    private void put(char c) throws IOException {
        makeRoom(4);
        if (high != 0) {
            int point = Character.isLowSurrogate(c) ? Character.toCodePoint(high, c) : 0xfffd;
            high = 0;
            encode(point);
            if (point != 0xfffd) {
                return;
            }
        }
        if (c < 0x80) {
            bytes[length++] = (byte) c;
        } else if (Character.isHighSurrogate(c)) {
            high = c;
        } else {
            encode(Character.isLowSurrogate(c) ? 0xfffd : c);
        }
    }

    private void encode(int point) throws IOException {
        makeRoom(8);
        if (point < 0x800) {
            bytes[length++] = (byte) (0xc0 | point >> 6);
        } else {
            if (point < 0x10000) {
                bytes[length++] = (byte) (0xe0 | point >> 12);
            } else {
                bytes[length++] = (byte) (0xf0 | point >> 18);
                bytes[length++] = (byte) (0x80 | point >> 12 & 0x3f);
            }
            bytes[length++] = (byte) (0x80 | point >> 6 & 0x3f);
        }
        bytes[length++] = (byte) (0x80 | point & 0x3f);
    }

    private void makeRoom(int more) throws IOException {
        if (length + more <= bytes.length) {
            return;
        }
        if (length + more > maxBytes) {
            throw located("its output passes " + (maxBytes >> 20) + " MB");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw located(Engine.TOO_LONG);
        }
        bytes = Arrays.copyOf(bytes, Math.min(maxBytes, Math.max(length + more, bytes.length * 2)));
    }

    /** An error that knows which instruction of the template was running; FreeMarker wraps no IOException itself. */
    private static IOException located(String message) {
        return new IOException(message, new TemplateModelException(message));
    }

    @Override
    public void write(int c) throws IOException {
        text((char) c);
    }

    @Override
    public void write(char[] chars, int from, int count) throws IOException {
        for (int i = from; i < from + count; i++) {
            text(chars[i]);
        }
    }

    @Override
    public void write(String string, int from, int count) throws IOException {
        int end = from + count;
        for (int i = from; i < end; i++) {
            if (held == null && high == 0 && (lexer == null || lexer.state == Quoted.Lexer.State.DOUBLE && !lexer.escaped)) {
                i = ordinary(string, i, end);
            }
            if (i < end) {
                text(string.charAt(i));
            }
        }
    }

    /** Copies what needs no look from the lexer, which is most of an output. @return where that ends */
    private int ordinary(String string, int from, int end) throws IOException {
        int i = from;
        makeRoom(end - from);
        for (; i < end; i++) {
            char c = string.charAt(i);
            if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
                break;
            }
            bytes[length++] = (byte) c;
        }
        if (i > from && lexer != null) {
            lexer.passedOver();
        }
        return i;
    }

    byte[] toByteArray() throws IOException {
        if (high != 0) {
            high = 0;
            encode(0xfffd);
        }
        return Arrays.copyOf(bytes, length);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
