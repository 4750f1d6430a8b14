declare module 'jsts/org/locationtech/jts/geom/Coordinate.js' {
  class Coordinate {
    constructor(x: number, y: number);
  }

  export { Coordinate as default };
}

declare module 'jsts/org/locationtech/jts/geom/Geometry.js' {
  class Geometry {
    getNumPoints(): number;
  }

  export { Geometry as default };
}

declare module 'jsts/org/locationtech/jts/io/GeoJSONReader.js' {
  import type Geometry from 'jsts/org/locationtech/jts/geom/Geometry.js';

  class GeoJSONReader {
    read(geometry: object): Geometry;
  }

  export { GeoJSONReader as default };
}

declare module 'jsts/org/locationtech/jts/operation/valid/IsValidOp.js' {
  import type Geometry from 'jsts/org/locationtech/jts/geom/Geometry.js';

  class IsValidOp {
    constructor(geometry: Geometry);
    isValid(): boolean;
  }

  export { IsValidOp as default };
}

declare module 'jsts/org/locationtech/jts/algorithm/locate/IndexedPointInAreaLocator.js' {
  import type Coordinate from 'jsts/org/locationtech/jts/geom/Coordinate.js';
  import type Geometry from 'jsts/org/locationtech/jts/geom/Geometry.js';

  class IndexedPointInAreaLocator {
    constructor(area: Geometry);
    /** Returns 0 inside, 1 on the border and 2 outside. */
    locate(point: Coordinate): 0 | 1 | 2;
  }

  export { IndexedPointInAreaLocator as default };
}
