package org.torchfits.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.torchfits.image.ImageRequest;

/** Who may import whom, and what no code may do. */
class ArchitectureTest {
  private static final String ROOT = "org.torchfits.";

  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.torchfits");

  private static String[] rooms(String... names) {
    return Stream.of(names).map(name -> ROOT + name + "..").toArray(String[]::new);
  }

  private static Set<String> packages() {
    return ENGINE.stream()
        .map(JavaClass::getPackageName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void rooms_any_areThoseOfTheArchitecture() {
    assertEquals(
        Set.of(
            "api", "batch", "cache", "cfitsio", "dlpack", "error", "header", "image", "kernel",
            "library", "source", "table", "tile", "wcslib", "work", "zone"),
        packages().stream().map(name -> name.substring(ROOT.length())).collect(Collectors.toSet()));
  }

  @Test
  void layers_any_useThoseBelowAlone() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("api")
        .definedBy(rooms("api"))
        .layer("batch")
        .definedBy(rooms("batch"))
        .layer("readers")
        .definedBy(rooms("image", "table"))
        .layer("index")
        .definedBy(rooms("header", "tile", "cache", "zone"))
        .layer("access")
        .definedBy(rooms("source", "cfitsio", "wcslib"))
        .layer("base")
        .definedBy(rooms("work", "library", "kernel"))
        .layer("ground")
        .definedBy(rooms("error", "dlpack"))
        .whereLayer("api")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("batch")
        .mayOnlyBeAccessedByLayers("api")
        .whereLayer("readers")
        .mayOnlyBeAccessedByLayers("api", "batch")
        .whereLayer("index")
        .mayOnlyBeAccessedByLayers("api", "batch", "readers")
        .whereLayer("access")
        .mayOnlyBeAccessedByLayers("api", "batch", "readers", "index")
        .whereLayer("base")
        .mayOnlyBeAccessedByLayers("api", "batch", "readers", "index", "access")
        .check(ENGINE);
  }

  @Test
  void rooms_any_haveNoCycles() {
    slices().matching("org.torchfits.(*)..").should().beFreeOfCycles().check(ENGINE);
  }

  /** But for cfitsio, which reads files that the source has opened. */
  @Test
  void accessRooms_any_doNotKnowEachOther() {
    requireUnknown("source", "cfitsio", "wcslib");
    requireUnknown("wcslib", "cfitsio", "source");
    requireUnknown("cfitsio", "wcslib");
  }

  @Test
  void readers_any_doNotKnowEachOther() {
    requireUnknown("image", "table");
    requireUnknown("table", "image");
  }

  private static void requireUnknown(String room, String... others) {
    noClasses()
        .that()
        .resideInAnyPackage(rooms(room))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(rooms(others))
        .check(ENGINE);
  }

  @Test
  void ground_any_knowsNoOtherRoom() {
    classes()
        .that()
        .resideInAnyPackage(rooms("error"))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.torchfits.error..", "org.jspecify..")
        .check(ENGINE);
    classes()
        .that()
        .resideInAnyPackage(rooms("dlpack"))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.torchfits.dlpack..", "org.jspecify..")
        .check(ENGINE);
  }

  @Test
  void engine_any_needsNothingButJavaDecodersAndCaffeine() {
    String[] decoders = {
      "org.apache.commons.compress..", "org.tukaani.xz..", "io.airlift.compress.."
    };
    classes()
        .that()
        .resideOutsideOfPackages(rooms("source"))
        .and()
        .doNotHaveSimpleName("TinyLfuPolicy")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.torchfits..", "org.jspecify..")
        .check(ENGINE);
    noClasses()
        .that()
        .doNotHaveSimpleName("StreamDecoder")
        .and()
        .doNotHaveSimpleName("XzHeader")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(decoders)
        .check(ENGINE);
  }

  @Test
  void linker_any_isUsedByBindingsAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages(rooms("cfitsio", "wcslib", "dlpack", "library"))
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .check(ENGINE);
  }

  @Test
  void paths_aboveByteSource_areUnknown() {
    noClasses()
        .that()
        .resideOutsideOfPackages(rooms("source", "library", "cfitsio"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.nio.file..", "java.nio.channels..", "java.io..")
        .check(ENGINE);
  }

  @Test
  void apiMethods_any_takePrimitivesStringsAndRequests() {
    methods()
        .that()
        .areDeclaredInClassesThat()
        .resideInAnyPackage(rooms("api"))
        .and()
        .arePublic()
        .should()
        .beStatic()
        .check(ENGINE);
    ENGINE.stream()
        .filter(type -> type.getPackageName().equals(ROOT + "api"))
        .flatMap(type -> type.getMethods().stream())
        .filter(method -> method.getModifiers().contains(JavaModifier.PUBLIC))
        .forEach(method ->
            Stream.concat(
                    method.getRawParameterTypes().stream(), Stream.of(method.getRawReturnType()))
                .forEach(type ->
                    assertTrue(
                        type.isPrimitive()
                            || type.isEquivalentTo(String.class)
                            || type.isEquivalentTo(ImageRequest.class),
                        method.getFullName() + " has " + type.getName())));
  }

  @Test
  void engine_any_isSilent() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.System$Logger")
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(Throwable.class, "printStackTrace")
        .check(ENGINE);
  }

  @Test
  void engine_any_neverEndsTheProcess() {
    noClasses()
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(ENGINE);
  }

  @Test
  void packages_any_areNullMarked() {
    for (String name : packages()) {
      JavaPackage room = ENGINE.getPackage(name);
      assertTrue(room.isAnnotatedWith(NullMarked.class), name);
    }
  }

  /** {@code invokeExact} declares Throwable; nothing else gives a reason to catch it. */
  @Test
  void throwable_any_isCaughtAroundDowncallsAlone() {
    Set<String> rooms =
        sources()
            .filter(source -> text(source).contains("catch (Throwable"))
            .map(source -> source.getName(source.getNameCount() - 2).toString())
            .collect(Collectors.toSet());
    assertTrue(
        Set.of("dlpack", "cfitsio", "wcslib", "library").containsAll(rooms), rooms.toString());
  }

  private static Stream<Path> sources() {
    return Stream.of("dlpack-bridge", "java-engine")
        .flatMap(module -> files(Path.of("..", module, "src", "main", "java")))
        .filter(file -> file.toString().endsWith(".java"));
  }

  private static Stream<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.toList().stream();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
