package lib.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lib.model.Model.Difference;
import lib.model.Search;
import lib.provider.ConfigError;
import lib.provider.Listing;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An enumeration by its words as they are typed; picocli would name each twice, as a constant and as a word. */
abstract class Words<E extends Enum<E>> extends ArrayList<String> implements ITypeConverter<E> {
    private final transient List<E> all;

    private Words(E[] all) {
        this.all = List.of(all);
        this.all.forEach(one -> add(typed(one.name())));
    }

    private static String typed(String word) {
        return word.strip().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public E convert(String text) {
        int at = indexOf(typed(text));
        if (at < 0) {
            throw new TypeConversionException("'" + Listing.visible(text) + "' is not one of " + String.join(", ", this)
                    + ConfigError.didYouMean(text, this));
        }
        return all.get(at);
    }

    static final class Orders extends Words<Search.Sort> {
        Orders() {
            super(Search.Sort.values());
        }
    }

    static final class Uses extends Words<Search.UseCase> {
        Uses() {
            super(Search.UseCase.values());
        }
    }

    static final class Classes extends Words<Difference> {
        Classes() {
            super(Difference.values());
        }
    }
}
