package org.torchfits.table;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.torchfits.table.Evaluation.TruthNode;

/** Finds the columns that an expression names, and makes nodes of it that fit their types. */
final class Binder {
  /** Names that stand for numbers where no column is called so. */
  private static final Map<String, Double> CONSTANTS =
      Map.of(
          "pi", Math.PI,
          "inf", Double.POSITIVE_INFINITY,
          "nan", Double.NaN,
          "null", Double.NaN);

  private static final Map<String, Byte> TRUTHS = Map.of("true", Truth.TRUE, "false", Truth.FALSE);

  /** Of integers. */
  private static final Set<String> OVERFLOWING = Set.of("+", "-", "*", "abs");

  private final ExpressionText source;
  private final Schema table;
  private final ArithmeticBinder arithmetic;
  private final ComparisonBinder comparisons;
  private final MembershipBinder memberships;
  private final FunctionBinder functions;
  private final TreeSet<Integer> columns = new TreeSet<>();
  private boolean mayOverflow;

  Binder(ExpressionText source, Schema table) {
    this.source = source;
    this.table = table;
    this.arithmetic = new ArithmeticBinder(source);
    this.comparisons = new ComparisonBinder(source);
    this.memberships = new MembershipBinder(comparisons);
    this.functions = new FunctionBinder(source);
  }

  /** Indices of the columns that were found so far, in their order. */
  List<Integer> columns() {
    return List.copyOf(columns);
  }

  /** Whether what was bound so far has operations that are an error for some integers. */
  boolean mayOverflow() {
    return mayOverflow;
  }

  /** The node of an expression that is a condition. */
  TruthNode condition(Expression expression) {
    Bound bound = bind(expression);
    if (bound instanceof Bound.Truths(TruthNode node)) {
      return node;
    }
    throw source.error(
        expression.position(), "a condition is needed here, not " + bound.describe());
  }

  private Bound bind(Expression expression) {
    return switch (expression) {
      case Expression.Whole whole -> new Bound.Fixed(Constant.of(whole.value()));
      case Expression.Real real -> new Bound.Fixed(real.value());
      case Expression.Text text -> new Bound.FixedText(bytes(text));
      case Expression.Name name -> name(name);
      case Expression.Not not -> new Bound.Truths(Logic.not(condition(not.operand())));
      case Expression.All all -> new Bound.Truths(Logic.all(conditions(all.parts())));
      case Expression.Any any -> new Bound.Truths(Logic.any(conditions(any.parts())));
      case Expression.Chain chain ->
          new Bound.Truths(comparisons.chain(chain, bindAll(chain.operands())));
      case Expression.Membership membership -> membership(membership);
      case Expression.IsNull test -> new Bound.Truths(FunctionBinder.isNull(bind(test.operand())));
      case Expression.Like like -> new Bound.Truths(like(like));
      case Expression.Prefixed prefixed ->
          computed(
              String.valueOf(prefixed.operator()),
              arithmetic.prefixed(prefixed, bind(prefixed.operand())));
      case Expression.Arithmetic binary ->
          computed(
              binary.operator(),
              arithmetic.binary(binary, bind(binary.left()), bind(binary.right())));
      case Expression.Call call ->
          computed(call.function(), functions.call(call, bindAll(call.arguments())));
    };
  }

  private Bound computed(String operation, Bound result) {
    mayOverflow |= result instanceof Bound.Whole && OVERFLOWING.contains(operation);
    return result;
  }

  private List<Bound> bindAll(List<Expression> expressions) {
    return expressions.stream().map(this::bind).toList();
  }

  private List<TruthNode> conditions(List<Expression> parts) {
    return parts.stream().map(this::condition).toList();
  }

  private Bound membership(Expression.Membership membership) {
    Bound operand = bind(membership.operand());
    List<Bound> values = bindAll(membership.values());
    return new Bound.Truths(memberships.membership(operand, values, membership.position()));
  }

  private TruthNode like(Expression.Like like) {
    if (bind(like.operand()) instanceof Bound.TextColumn(int column)) {
      LikePattern pattern = LikePattern.of(bytes(like.pattern()));
      return ComparisonBinder.ask(
          column, (texts, truths, n) -> TextKernels.like(texts, pattern, truths, n));
    }
    throw source.error(like.position(), "like needs a column of texts");
  }

  private byte[] bytes(Expression.Text text) {
    if (text.value().chars().anyMatch(c -> c > 0xFF)) {
      throw source.error(text.position(), "columns hold no characters beyond ISO 8859-1");
    }
    return text.value().getBytes(ISO_8859_1);
  }

  private Bound name(Expression.Name name) {
    SchemaColumn column = table.find(name.text());
    if (column != null) {
      return column(name, column);
    }
    String lower = name.text().toLowerCase(Locale.ROOT);
    if (!name.quoted() && CONSTANTS.containsKey(lower)) {
      return new Bound.Fixed(CONSTANTS.get(lower));
    }
    Byte truth = name.quoted() ? null : TRUTHS.get(lower);
    if (truth == null) {
      throw source.error(name.position(), "no such column: " + table.names());
    }
    return new Bound.Truths(Logic.constant(truth));
  }

  private Bound column(Expression.Name name, SchemaColumn column) {
    int index = column.index();
    ValueType type = type(name, column);
    columns.add(index);
    return switch (type) {
      case LOGICAL -> new Bound.Truths(new ColumnNodes.Truths(index));
      case INTEGER, UNSIGNED ->
          new Bound.Whole(new ColumnNodes.Wholes(index), type == ValueType.UNSIGNED);
      case REAL -> new Bound.Real(new ColumnNodes.Reals(index));
      case TEXT -> new Bound.TextColumn(index);
      case NONE -> throw new IllegalStateException(column.describe());
    };
  }

  private ValueType type(Expression.Name name, SchemaColumn column) {
    if (column.problem() != null) {
      throw source.error(name.position(), column.describe() + ": " + column.problem());
    }
    ValueType type = column.valueType();
    if (type == ValueType.NONE) {
      throw source.error(
          name.position(),
          column.describe() + " has no single number, text or logical value in a row");
    }
    return type;
  }
}
